using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Reading and changing objects.</summary>
internal sealed class KubeObjects(KubeStore store, LabKubelet kubelet)
{
    internal static JsonObject NewNamespace(string name) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name },
            },
            ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
            ["status"] = new JsonObject { ["phase"] = "Active" },
        };

    internal async Task HandleAsync(KubeRequest request)
    {
        var (answer, code) = request.Verb switch
        {
            "get" => (KubeTable.IsAsked(request) ? KubeTable.Of(request, [Existing(request)]) : Existing(request), 200),
            "list" => (List(request), 200),
            "create" => (await CreateAsync(request), 201),
            "update" => (await UpdateAsync(request), 200),
            "patch" => await PatchAsync(request),
            "delete" => (await DeleteAsync(request, request.Name!), 200),
            _ => (await DeleteAllAsync(request), 200),
        };
        await KubeRouter.WriteAsync(request.Context, answer, code);
    }

    /// <summary>Deletes a pod unless a budget forbids it (the Eviction API).</summary>
    internal async Task EvictAsync(KubeRequest request)
    {
        var pod = Existing(request);
        var body = await request.BodyAsync() as JsonObject;
        KubeBudgets.Demand(store, pod);
        if (!request.DryRun)
            kubelet.Delete(request.Namespace!, request.Name!, body.Map("deleteOptions").Number("gracePeriodSeconds"));
        await KubeRouter.WriteAsync(
            request.Context,
            new JsonObject
            {
                ["kind"] = "Status",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject(),
                ["status"] = "Success",
            },
            201
        );
    }

    private JsonObject Existing(KubeRequest request) =>
        store.Get(request.Resource, request.Namespace, request.Name!)
        ?? throw KubeFailure.NotFound(request.Resource, request.Name!);

    private JsonObject List(KubeRequest request)
    {
        var (version, all) = store.List(request.Resource, request.Namespace);
        var wanted = KubeSelector.Parse(request.Query("labelSelector"), request.Query("fieldSelector"));
        var items = all.Where(wanted).ToArray();
        var from = int.TryParse(request.Query("continue"), CultureInfo.InvariantCulture, out var c) ? c : 0;
        var limit =
            int.TryParse(request.Query("limit"), CultureInfo.InvariantCulture, out var l) && l > 0 ? l : int.MaxValue;
        var page = items.Skip(from).Take(limit).ToArray();
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (from + page.Length < items.Length)
        {
            metadata["continue"] = (from + page.Length).ToString(CultureInfo.InvariantCulture);
            metadata["remainingItemCount"] = items.Length - from - page.Length;
        }
        if (KubeTable.IsAsked(request))
            return KubeTable.Of(request, page, metadata);
        return new JsonObject
        {
            ["kind"] = request.Resource.Kind + "List",
            ["apiVersion"] = request.Resource.ApiVersion,
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. page.Select(i => i.DeepClone())]),
        };
    }

    private async Task<JsonObject> CreateAsync(KubeRequest request)
    {
        var item = await request.BodyAsync() as JsonObject ?? throw KubeFailure.Bad("the request has no object");
        Prepare(request, item, name: null);
        KubeAdmission.Admit(store, request.Resource, item);
        if (request.DryRun)
            return item;
        var made = store.Create(request.Resource, item);
        if (request.Resource == KubeResource.Pods)
            kubelet.Adopt(made);
        return made;
    }

    private async Task<JsonObject> UpdateAsync(KubeRequest request)
    {
        var item = await request.BodyAsync() as JsonObject ?? throw KubeFailure.Bad("the request has no object");
        Prepare(request, item, request.Name);
        var expected = item.Meta().Text("resourceVersion");
        return store.Change(request.Resource, request.Namespace, request.Name!, old => Kept(old, item), expected)
            ?? throw KubeFailure.NotFound(request.Resource, request.Name!);
    }

    private async Task<(JsonObject, int)> PatchAsync(KubeRequest request)
    {
        var patch = await request.BodyAsync() ?? throw KubeFailure.Bad("the request has no patch");
        var type = request.Context.Request.ContentType?.Split(';')[0] ?? "";
        var expected = (patch as JsonObject).Map("metadata").Text("resourceVersion");
        if (
            type == "application/apply-patch+yaml"
            && store.Get(request.Resource, request.Namespace, request.Name!) is null
        )
        {
            Prepare(request, patch.AsObject(), request.Name);
            KubeAdmission.Admit(store, request.Resource, patch.AsObject());
            var made = request.DryRun ? patch.AsObject() : store.Create(request.Resource, patch.AsObject());
            if (request.Resource == KubeResource.Pods && !request.DryRun)
                kubelet.Adopt(made);
            return (made, 201);
        }
        if (request.DryRun)
            return (KubePatch.Apply((JsonObject)Existing(request).DeepClone(), patch, type), 200);
        var changed = store.Change(
            request.Resource,
            request.Namespace,
            request.Name!,
            old => KubePatch.Apply(old, patch, type),
            expected
        );
        return (changed ?? throw KubeFailure.NotFound(request.Resource, request.Name!), 200);
    }

    private async Task<JsonObject> DeleteAsync(KubeRequest request, string name)
    {
        var item = store.Get(request.Resource, request.Namespace, name)
            ?? throw KubeFailure.NotFound(request.Resource, name);
        var options = await request.BodyAsync() as JsonObject;
        var uid = options.Map("preconditions").Text("uid");
        if (uid is not null && uid != item.Meta().Text("uid"))
            throw KubeFailure.Conflict(request.Resource, name);
        if (request.DryRun)
            return item;
        if (request.Resource == KubeResource.Pods)
        {
            var grace = options.Number("gracePeriodSeconds")
                ?? (
                    long.TryParse(request.Query("gracePeriodSeconds"), CultureInfo.InvariantCulture, out var g)
                        ? g
                        : null
                );
            return kubelet.Delete(request.Namespace!, name, grace) ?? item;
        }
        store.Delete(request.Resource, request.Namespace, name);
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = new JsonObject
            {
                ["name"] = name,
                ["kind"] = request.Resource.Plural,
                ["uid"] = item.Meta().Text("uid"),
            },
        };
    }

    private async Task<JsonObject> DeleteAllAsync(KubeRequest request)
    {
        var wanted = KubeSelector.Parse(request.Query("labelSelector"), request.Query("fieldSelector"));
        var list = List(request);
        foreach (var item in store.List(request.Resource, request.Namespace).Items.Where(wanted))
            await DeleteAsync(request, item.Name());
        return list;
    }

    private void Prepare(KubeRequest request, JsonObject item, string? name)
    {
        if (item.Text("kind") is { } kind && kind != request.Resource.Kind)
            throw KubeFailure.Bad(
                $"the object provided is unrecognized (must be of type {request.Resource.Kind}): {kind}"
            );
        var metadata = item.Child("metadata");
        if (request.Resource.Namespaced)
        {
            if (metadata.Text("namespace") is { } ns && ns != request.Namespace)
                throw KubeFailure.Bad(
                    "the namespace of the provided object does not match the namespace sent on the request"
                );
            metadata["namespace"] = request.Namespace;
            if (store.Get(KubeResource.Namespaces, null, request.Namespace!) is null)
                throw KubeFailure.NotFound(KubeResource.Namespaces, request.Namespace!);
        }
        if (name is not null)
            metadata["name"] = name;
        if (metadata.Text("name") is null && metadata.Text("generateName") is null)
            throw KubeFailure.Invalid(
                request.Resource,
                "",
                "metadata.name: Required value: name or generateName is required"
            );
    }

    private static JsonObject Kept(JsonObject old, JsonObject item)
    {
        var result = (JsonObject)item.DeepClone();
        foreach (var name in (string[])["uid", "creationTimestamp", "resourceVersion"])
            result.Meta()[name] = old.Meta()[name]?.DeepClone();
        (result["apiVersion"], result["kind"]) = (old["apiVersion"]!.DeepClone(), old["kind"]!.DeepClone());
        return result;
    }
}

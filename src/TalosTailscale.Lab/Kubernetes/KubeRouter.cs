using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Authenticates and authorizes a request, and hands it to what answers it.</summary>
internal sealed class KubeRouter(KubeStore store, LabKubelet kubelet, LabKubernetesFaults faults)
{
    private readonly KubeObjects _objects = new(store, kubelet);
    private readonly KubeWatch _watch = new(store, faults);
    private readonly KubeExec _exec = new(store, kubelet, faults);

    internal async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (KubeFailure e) when (!context.Response.HasStarted)
        {
            if (e.Code == 429)
                context.Response.Headers.RetryAfter = "1";
            await WriteAsync(context, e.ToStatus(), e.Code);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // the client hung up
        }
    }

    internal static Task WriteAsync(HttpContext context, JsonNode body, int code = 200)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private Task RouteAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.TrimEnd('/');
        if (path is "/healthz" or "/livez" or "/readyz")
            return context.Response.WriteAsync("ok", context.RequestAborted);
        if (KubeRequest.UserOf(context) is null)
            throw new KubeFailure(401, "Unauthorized", "Unauthorized");
        if (KubeDiscovery.Answer(path) is { } answer)
            return WriteAsync(context, answer);
        var request = KubeRequest.Parse(context) ?? throw KubeFailure.NoSuchPath();
        Authorize(request);
        kubelet.SyncNodes();
        return (request.Subresource, request.Verb) switch
        {
            ("exec", "get") => _exec.RunAsync(request),
            // SPDY is a protocol of Docker's early days that kubectl gave up in 1.31; a client that has nothing else is told so.
            ("exec", _) => throw KubeFailure.Bad("unable to upgrade: only WebSocket is served"),
            ("log", "get") => kubelet.WriteLogAsync(request),
            ("eviction", "create") => _objects.EvictAsync(request),
            (null or "status", "list" or "get" or "create" or "update" or "patch" or "delete" or "deletecollection") =>
                _objects.HandleAsync(request),
            (null, "watch") => _watch.RunAsync(request),
            _ => throw KubeFailure.NoSuchPath(),
        };
    }

    // From 1.35 on a WebSocket for exec needs "create" beside the "get" of its handshake (kubernetes#133515).
    private void Authorize(KubeRequest request)
    {
        var resource = request.Subresource is null or "status"
            ? request.Resource.Plural
            : $"{request.Resource.Plural}/{request.Subresource}";
        Impersonate(request);
        Demand(request, request.Verb, resource);
        if (request.Subresource == "exec")
            Demand(request, "create", resource);
    }

    private void Impersonate(KubeRequest request)
    {
        var headers = request.Context.Request.Headers;
        if (headers["Impersonate-User"].ToString() is not { Length: > 0 } user)
            return;
        var groups = headers["Impersonate-Group"];
        Demand(request, "impersonate", "users");
        if (groups.Count > 0)
            Demand(request, "impersonate", "groups");
        faults.Impersonated.TryAdd($"{user}: {string.Join('|', groups.AsEnumerable())}", true);
    }

    private void Demand(KubeRequest request, string verb, string resource)
    {
        faults.Used.TryAdd($"{verb} {resource}", true);
        if (verb == "create" && resource == "pods" && faults.Admission.Values.FirstOrDefault() is { } rule)
            throw KubeFailure.Forbidden(request.Resource, request.Name, rule);
        if (!faults.IsForbidden(verb, resource))
            return;
        var scope = request.Namespace is { } ns ? $"in the namespace \"{ns}\"" : "at the cluster scope";
        throw KubeFailure.Forbidden(
            request.Resource,
            request.Name,
            $"User \"{request.User}\" cannot {verb} resource \"{resource}\" in API group \"{request.Resource.Group}\" {scope}"
        );
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>A request for a resource, taken apart.</summary>
internal sealed class KubeRequest
{
    private KubeRequest(HttpContext context, KubeResource resource, string? ns, string? name, string? subresource)
    {
        Context = context;
        Resource = resource;
        Namespace = ns;
        Name = name;
        Subresource = subresource;
    }

    internal HttpContext Context { get; }

    internal KubeResource Resource { get; }

    internal string? Namespace { get; }

    internal string? Name { get; }

    internal string? Subresource { get; }

    internal string User => UserOf(Context) ?? "system:anonymous";

    internal CancellationToken Aborted => Context.RequestAborted;

    internal bool DryRun => Query("dryRun") == "All";

    internal bool Watch => Query("watch") is "true" or "1";

    /// <summary>The verb that the authorizer asks for.</summary>
    internal string Verb =>
        (Context.Request.Method, Name) switch
        {
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", null) => "deletecollection",
            ("DELETE", _) => "delete",
            (_, null) => Watch ? "watch" : "list",
            _ => "get",
        };

    internal static string? UserOf(HttpContext context) =>
        context.Connection.ClientCertificate?.GetNameInfo(
            System.Security.Cryptography.X509Certificates.X509NameType.SimpleName,
            false
        );

    internal string? Query(string name) =>
        Context.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Reads <c>/api/v1/…</c> and <c>/apis/GROUP/VERSION/…</c>; null for a path of another kind.</summary>
    internal static KubeRequest? Parse(HttpContext context)
    {
        var parts = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, at) = parts switch
        {
            ["api", "v1", _, ..] => ("", 2),
            ["apis", var g, "v1", _, ..] => (g, 3),
            _ => (null, 0),
        };
        if (group is null)
            return null;
        var rest = parts[at..];
        string? ns = null;
        if (rest is ["namespaces", var n, _, ..] && KubeResource.Find(group, rest[2]) is { Namespaced: true })
            (ns, rest) = (n, rest[2..]);
        if (KubeResource.Find(group, rest[0]) is not { } resource || rest.Length > 3)
            return null;
        return new KubeRequest(context, resource, ns, rest.ElementAtOrDefault(1), rest.ElementAtOrDefault(2));
    }

    /// <summary>The body; null when there is none.</summary>
    internal async Task<JsonNode?> BodyAsync()
    {
        if (Context.Request.ContentType?.Contains("protobuf", StringComparison.Ordinal) == true)
            throw new KubeFailure(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"
            );
        using var reader = new StreamReader(Context.Request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(Aborted);
        if (text.Length == 0)
            return null;
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException) when (Context.Request.ContentType?.Contains("yaml", StringComparison.Ordinal) == true)
        {
            return YamlJson.Parse(text);
        }
        catch (JsonException e)
        {
            throw KubeFailure.Bad(
                $"the object provided is unrecognized (must be of type {Resource.Kind}): {e.Message}"
            );
        }
    }
}

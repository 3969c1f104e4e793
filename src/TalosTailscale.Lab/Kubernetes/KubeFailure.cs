using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>A refusal in the API's own form: a <c>Status</c> with code, reason and message as kube-apiserver words them.</summary>
internal sealed class KubeFailure(int code, string reason, string message, JsonObject? details = null)
    : Exception(message)
{
    internal int Code { get; } = code;

    internal string Reason { get; } = reason;

    internal JsonObject ToStatus() =>
        new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
            ["details"] = details?.DeepClone() ?? new JsonObject(),
            ["code"] = Code,
        };

    internal static KubeFailure NotFound(KubeResource resource, string name) =>
        new(404, "NotFound", $"{resource.Key} \"{name}\" not found", Details(resource, name));

    internal static KubeFailure NoSuchPath() =>
        new(404, "NotFound", "the server could not find the requested resource");

    internal static KubeFailure AlreadyExists(KubeResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource.Key} \"{name}\" already exists", Details(resource, name));

    internal static KubeFailure Conflict(KubeResource resource, string name) =>
        new(
            409,
            "Conflict",
            $"Operation cannot be fulfilled on {resource.Key} \"{name}\": the object has been modified; "
                + "please apply your changes to the latest version and try again",
            Details(resource, name)
        );

    internal static KubeFailure Gone(long version) => new(410, "Expired", $"too old resource version: {version}");

    internal static KubeFailure Bad(string message) => new(400, "BadRequest", message);

    internal static KubeFailure Invalid(KubeResource resource, string name, string problem) =>
        new(422, "Invalid", $"{resource.Kind} \"{name}\" is invalid: {problem}", Details(resource, name));

    internal static KubeFailure Forbidden(KubeResource resource, string? name, string why) =>
        new(
            403,
            "Forbidden",
            name is null ? $"{resource.Key} is forbidden: {why}" : $"{resource.Key} \"{name}\" is forbidden: {why}",
            Details(resource, name)
        );

    internal static JsonObject Details(KubeResource resource, string? name) =>
        new()
        {
            ["name"] = name,
            ["group"] = resource.Group,
            ["kind"] = resource.Plural,
        };
}

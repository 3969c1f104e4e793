using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>What the API says of itself: version, groups, resources, and the little of OpenAPI that kubectl asks for.</summary>
internal static class KubeDiscovery
{
    private static readonly string[] s_groups =
    [
        .. KubeResource.All.Select(r => r.Group).Where(g => g.Length > 0).Distinct(),
    ];

    internal static JsonNode? Answer(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["version"] => Version(),
            ["api"] => new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(),
            },
            ["apis"] => new JsonObject
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([.. s_groups.Select(Group)]),
            },
            ["apis", var group] when s_groups.Contains(group) => Group(group),
            ["api", "v1"] => Resources("", "v1"),
            ["apis", var group, "v1"] when s_groups.Contains(group) => Resources(group, $"{group}/v1"),
            ["openapi", "v3"] => new JsonObject
            {
                ["paths"] = new JsonObject(
                    s_groups
                        .Prepend("")
                        .Select(g =>
                            KeyValuePair.Create(
                                Root(g),
                                (JsonNode?)new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{Root(g)}?hash=lab" }
                            )
                        )
                ),
            },
            ["openapi", "v3", "api", "v1"] => OpenApi(""),
            ["openapi", "v3", "apis", var group, "v1"] when s_groups.Contains(group) => OpenApi(group),
            _ => null,
        };
    }

    private static string Root(string group) => group.Length == 0 ? "api/v1" : $"apis/{group}/v1";

    private static JsonObject Version() =>
        new()
        {
            ["major"] = "1",
            ["minor"] = "34",
            ["gitVersion"] = "v1.34.1",
            ["gitCommit"] = "lab",
            ["gitTreeState"] = "clean",
            ["buildDate"] = "2026-01-01T00:00:00Z",
            ["goVersion"] = "none",
            ["compiler"] = "none",
            ["platform"] = "lab",
        };

    private static JsonObject Group(string group)
    {
        JsonObject Version() => new() { ["groupVersion"] = $"{group}/v1", ["version"] = "v1" };
        return new JsonObject
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = new JsonArray(Version()),
            ["preferredVersion"] = Version(),
        };
    }

    private static JsonObject Resources(string group, string groupVersion)
    {
        var list = new JsonArray();
        foreach (var resource in KubeResource.All.Where(r => r.Group == group))
        {
            list.Add(
                new JsonObject
                {
                    ["name"] = resource.Plural,
                    ["singularName"] = resource.Kind.ToLowerInvariant(),
                    ["namespaced"] = resource.Namespaced,
                    ["kind"] = resource.Kind,
                    ["verbs"] = new JsonArray([.. KubeResource.Verbs.Select(v => JsonValue.Create(v))]),
                    ["shortNames"] = new JsonArray([.. resource.ShortNames.Select(n => JsonValue.Create(n))]),
                    ["categories"] = resource.Kind is "Pod" or "Service" or "Deployment"
                        ? new JsonArray("all")
                        : new JsonArray(),
                }
            );
            foreach (var sub in resource.Subresources)
                list.Add(Subresource(resource, sub));
        }
        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = groupVersion,
            ["resources"] = list,
        };
    }

    private static JsonObject Subresource(KubeResource resource, string name)
    {
        var item = new JsonObject
        {
            ["name"] = $"{resource.Plural}/{name}",
            ["singularName"] = "",
            ["namespaced"] = resource.Namespaced,
            ["kind"] = name switch
            {
                "exec" => "PodExecOptions",
                "eviction" => "Eviction",
                _ => resource.Kind,
            },
            ["verbs"] = name switch
            {
                "exec" => new JsonArray("create", "get"),
                "eviction" => new JsonArray("create"),
                "log" => new JsonArray("get"),
                _ => new JsonArray("get", "patch", "update"),
            },
        };
        if (name == "eviction")
            (item["group"], item["version"]) = ("policy", "v1");
        return item;
    }

    // kubectl looks here for one thing before it sends an object: whether the server checks unknown fields itself.
    private static JsonObject OpenApi(string group)
    {
        var paths = new JsonObject();
        foreach (var resource in KubeResource.All.Where(r => r.Group == group))
        {
            var path =
                $"/{Root(group)}{(resource.Namespaced ? "/namespaces/{namespace}" : "")}/{resource.Plural}/{{name}}";
            paths[path] = new JsonObject
            {
                ["patch"] = new JsonObject
                {
                    ["parameters"] = new JsonArray(QueryParameter("dryRun"), QueryParameter("fieldValidation")),
                    ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
                    ["x-kubernetes-action"] = "patch",
                    ["x-kubernetes-group-version-kind"] = new JsonObject
                    {
                        ["group"] = group,
                        ["version"] = "v1",
                        ["kind"] = resource.Kind,
                    },
                },
            };
        }
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.34.1" },
            ["paths"] = paths,
        };
    }

    private static JsonObject QueryParameter(string name) =>
        new()
        {
            ["name"] = name,
            ["in"] = "query",
            ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
        };
}

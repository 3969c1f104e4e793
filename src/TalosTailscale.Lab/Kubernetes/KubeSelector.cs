using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Label and field selectors of list and watch.</summary>
internal static partial class KubeSelector
{
    internal static Func<JsonObject, bool> Parse(string? labels, string? fields)
    {
        var tests = Labels(labels).Concat(Fields(fields)).ToArray();
        return item => Array.TrueForAll(tests, t => t(item));
    }

    /// <summary>A <c>matchLabels</c>/<c>matchExpressions</c> selector as budgets and controllers have it.</summary>
    internal static bool Matches(JsonObject? selector, JsonObject item)
    {
        if (selector is null)
            return false;
        var labels = item.Meta().Map("labels");
        return (selector.Map("matchLabels") ?? []).All(l => labels.Text(l.Key) == l.Value?.GetValue<string>())
            && selector.Items("matchExpressions").All(e => Expression(labels, e));
    }

    private static bool Expression(JsonObject? labels, JsonObject expression)
    {
        var value = labels.Text(expression.Text("key")!);
        var values = (expression["values"] as JsonArray ?? []).Select(v => v!.GetValue<string>());
        return expression.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }

    private static IEnumerable<Func<JsonObject, bool>> Labels(string? selector)
    {
        foreach (Match m in RequirementRegex().Matches(selector ?? ""))
        {
            var key = m.Groups["key"].Value;
            var set = m.Groups["set"].Value.Split(',', StringSplitOptions.TrimEntries);
            var value = m.Groups["value"].Value;
            string? Of(JsonObject item) => item.Meta().Map("labels").Text(key);
            yield return (m.Groups["not"].Length > 0, m.Groups["op"].Value) switch
            {
                (true, _) => item => Of(item) is null,
                (_, "in") => item => set.Contains(Of(item)),
                (_, "notin") => item => !set.Contains(Of(item)),
                (_, "!=") => item => Of(item) != value,
                (_, "=" or "==") => item => Of(item) == value,
                _ => item => Of(item) is not null,
            };
        }
    }

    private static IEnumerable<Func<JsonObject, bool>> Fields(string? selector)
    {
        foreach (var part in (selector ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var not = part.IndexOf("!=", StringComparison.Ordinal);
            var at = not >= 0 ? not : part.IndexOf('=', StringComparison.Ordinal);
            if (at < 0)
                throw KubeFailure.Bad($"invalid field selector \"{part}\"");
            var (path, value) = (part[..at], part[(not >= 0 ? at + 2 : at + 1)..].TrimStart('='));
            yield return item => (item.At(path) == value) == (not < 0);
        }
    }

    [GeneratedRegex(
        @"(?<not>!)?(?<key>[A-Za-z0-9][A-Za-z0-9._/-]*)\s*(?:(?<op>notin|in)\s*\((?<set>[^)]*)\)|(?<op>!=|==|=)(?<value>[A-Za-z0-9._-]*))?\s*(?:,|$)"
    )]
    private static partial Regex RequirementRegex();
}

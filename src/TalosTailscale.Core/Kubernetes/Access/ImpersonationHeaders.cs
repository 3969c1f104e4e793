using System.Globalization;
using System.Text;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>The headers that ask the API server to treat a request as another user's (transport/round_trippers.go).</summary>
internal static class ImpersonationHeaders
{
    internal const string Prefix = "Impersonate-";

    internal static IEnumerable<(string Name, IReadOnlyList<string> Values)> Of(Impersonation who)
    {
        if (who.User.Length == 0)
            yield break;
        yield return (Prefix + "User", [who.User]);
        if (who.Uid.Length > 0)
            yield return (Prefix + "Uid", [who.Uid]);
        if (who.Groups.Count > 0)
            yield return (Prefix + "Group", who.Groups);
        foreach ((string key, IReadOnlyList<string> values) in who.Extra)
            if (values.Count > 0)
                yield return (Prefix + "Extra-" + Escape(key), values);
    }

    // Whatever no header's name may hold is percent-encoded, and the percent sign itself.
    private static string Escape(string key)
    {
        var escaped = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(key))
            if (char.IsAsciiLetterOrDigit((char)b) || "!#$&'*+-.^_`|~".Contains((char)b, StringComparison.Ordinal))
                escaped.Append((char)b);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        return escaped.ToString();
    }
}

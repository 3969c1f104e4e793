namespace TalosTailscale.Lab.Tailnet;

/// <summary>
/// Who may log in: the rules of containerboot (tailscale <c>cmd/containerboot/settings.go</c>) and of the control plane,
/// with the texts that they answer.
/// </summary>
internal sealed class LabTailnetPolicy(LabTailnet tailnet)
{
    /// <summary>What is refused whatever the key says.</summary>
    internal sealed record Refusals(bool Key = false, bool Tags = false, bool Approval = false);

    public (string? Error, LabTailnetKey? Key, IReadOnlyList<string> Tags) Check(
        LabTailnetDevice? known,
        IReadOnlyDictionary<string, string> environment,
        Refusals refusals
    )
    {
        if (Conflict(environment) is { } conflict)
            return Refuse($"invalid configuration: {conflict}");
        var arguments = Arguments(environment);
        var server = arguments.GetValueOrDefault("--login-server") ?? "https://controlplane.tailscale.com";
        if (server.TrimEnd('/') != tailnet.LoginServer)
            return Refuse(
                $"register request: Post \"{server.TrimEnd('/')}/machine/register\": context deadline exceeded"
            );
        var text = environment.GetValueOrDefault("TS_AUTHKEY") ?? environment.GetValueOrDefault("TS_AUTH_KEY") ?? "";
        var loggedIn = known is { IsAuthorized: true } && (known.IsKeyExpiryDisabled || known.Expires > tailnet.Now);
        // With TS_AUTH_ONCE the daemon's own state counts; else "tailscale up" is run with the key at every start.
        if (loggedIn && !refusals.Tags && (text.Length == 0 || environment.GetValueOrDefault("TS_AUTH_ONCE") == "true"))
            return (null, null, known!.Tags);
        if (text.Length == 0)
            return Refuse("To authenticate, visit:\n\n\thttps://login.tailscale.com/a/1a2b3c4d5e6f\n");
        var tags = arguments.GetValueOrDefault("--advertise-tags")?.Split(',', StringSplitOptions.RemoveEmptyEntries)
            ?? [];
        return Key(text, tags, refusals);
    }

    private (string? Error, LabTailnetKey? Key, IReadOnlyList<string> Tags) Key(
        string text,
        string[] tags,
        Refusals refusals
    )
    {
        if (text.StartsWith("file:", StringComparison.Ordinal))
            return Refuse($"open {text[5..]}: no such file or directory");
        if (text.StartsWith("tskey-client-", StringComparison.Ordinal))
            return OAuth(text, tags, refusals);
        var id = text.Split('-') is { Length: >= 4 } parts ? parts[2] : null;
        if (id is null || !text.StartsWith("tskey-auth-", StringComparison.Ordinal))
            return Refuse("invalid key: unable to validate API key");
        if (tailnet.FindKey(text) is not { } key)
            return Refuse(tailnet.IsHeadscale ? "authkey not found" : "invalid key: API key does not exist");
        if (refusals.Key || !key.IsValidAt(tailnet.Now))
            return Refuse(tailnet.IsHeadscale ? "authkey expired" : $"invalid key: API key {id} not valid");
        var allowed = key.Tags.Count > 0 ? key.Tags.Contains : (Func<string, bool>)tailnet.PermittedTags.Contains;
        return refusals.Tags || !tags.All(allowed)
            ? Refuse(
                $"requested tags [{string.Join(' ', tags.DefaultIfEmpty("tag:talos"))}] are invalid or not permitted"
            )
            : (null, key, tags.Length > 0 ? tags : key.Tags);
    }

    // An OAuth secret makes a key for itself (tailscale feature/oauthkey): ephemeral and not preauthorised unless it says so.
    private (string? Error, LabTailnetKey? Key, IReadOnlyList<string> Tags) OAuth(
        string text,
        string[] tags,
        Refusals refusals
    )
    {
        var (secret, query) = text.IndexOf('?', StringComparison.Ordinal) is var at and >= 0
            ? (text[..at], text[(at + 1)..])
            : (text, "");
        var (ephemeral, preauthorized) = (true, false);
        foreach (var option in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = option.Split('=') is [var n, var v] ? (n, v) : (option, "");
            switch (name)
            {
                case "ephemeral" when bool.TryParse(value, out var parsed):
                    ephemeral = parsed;
                    break;
                case "preauthorized" when bool.TryParse(value, out var parsed):
                    preauthorized = parsed;
                    break;
                case "baseURL":
                    break;
                default:
                    return Refuse($"unknown attribute \"{name}\"");
            }
        }

        if (tags.Length == 0)
            return Refuse("oauth authkeys require --advertise-tags");
        if (secret != tailnet.Api.OAuthSecret || refusals.Key)
            return Refuse("oauth2: \"invalid_client\" \"invalid client credentials\"");
        if (refusals.Tags || !tags.All(tailnet.PermittedTags.Contains))
            return Refuse(
                $"Status: 400, Message: \"requested tags [{string.Join(' ', tags)}] are invalid or not permitted\""
            );
        return (
            null,
            tailnet.NewKey(false, ephemeral, preauthorized, tags, "from an OAuth client", TimeSpan.FromDays(1)),
            tags
        );
    }

    private static string? Conflict(IReadOnlyDictionary<string, string> environment)
    {
        bool Has(string name) => environment.TryGetValue(name, out var value) && value.Length > 0;
        if (Has("TS_AUTHKEY") && (Has("TS_CLIENT_ID") || Has("TS_CLIENT_SECRET")))
            return "TS_AUTHKEY cannot be used with TS_CLIENT_ID, TS_CLIENT_SECRET, TS_ID_TOKEN, or TS_AUDIENCE";
        return Has("TS_DEST_IP") && environment.GetValueOrDefault("TS_USERSPACE") == "true"
            ? "TS_DEST_IP is not supported with TS_USERSPACE"
            : null;
    }

    private static Dictionary<string, string> Arguments(IReadOnlyDictionary<string, string> environment)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        var words = (environment.GetValueOrDefault("TS_EXTRA_ARGS") ?? "").Split(
            ' ',
            StringSplitOptions.RemoveEmptyEntries
        );
        for (var i = 0; i < words.Length; i++)
        {
            var equals = words[i].IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                arguments[words[i][..equals]] = words[i][(equals + 1)..];
            else
                arguments[words[i]] = i + 1 < words.Length && !words[i + 1].StartsWith('-') ? words[++i] : "";
        }

        return arguments;
    }

    private static (string? Error, LabTailnetKey? Key, IReadOnlyList<string> Tags) Refuse(string error) =>
        (error, null, []);
}

using System.Text.RegularExpressions;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// A key for TS_AUTHKEY. Registered with the redactor when it is made, so that no text of the module can show it;
/// <see cref="Reveal"/> is the one way to its value.
/// </summary>
public sealed partial class AuthKey
{
    private readonly string _value;

    private AuthKey(string value, TailnetKeyKind kind, string source)
    {
        _value = value;
        Kind = kind;
        Source = source;
    }

    /// <summary>What kind of key it is.</summary>
    public TailnetKeyKind Kind { get; }

    /// <summary>Where it came from, without the key: the reference as typed.</summary>
    public string Source { get; }

    /// <summary>Checks a value and takes it as a key.</summary>
    /// <param name="value">The key; blanks and line ends around it are dropped.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="ownControlServer">True with a login server of one's own (Headscale), whose keys have other forms.</param>
    /// <returns>The key.</returns>
    /// <exception cref="TsException">AuthKeyNotFound when empty, AuthKeyInvalid otherwise; the value is not in the message.</exception>
    public static AuthKey Create(string value, string source, bool ownControlServer = false)
    {
        ArgumentNullException.ThrowIfNull(value);
        var key = value.Trim();
        if (key.Length == 0)
            throw TailnetErrors.AuthKeyNotFound.New($"'{source}' is empty; an auth key was expected.", source);
        // Registered before anything else is checked: a wrong key is a secret as well.
        if (!key.Contains('\n', StringComparison.Ordinal))
            Redactor.Register(key);
        var kind = KindOf(key);
        if (key.Length > 2048 || !Shape().IsMatch(key))
            throw TailnetErrors.AuthKeyInvalid.New(
                $"'{source}' holds {key.Length} characters with blanks, quotes or other signs that no key has.",
                source
            );
        if (kind == TailnetKeyKind.ApiToken)
            throw TailnetErrors.AuthKeyInvalid.New(
                $"'{source}' holds an API token (tskey-api-…), with which no node can log in; an auth key was expected.",
                source
            );
        if (kind == TailnetKeyKind.Other && Reference().IsMatch(key))
            throw TailnetErrors.AuthKeyInvalid.New(
                $"'{source}' holds a reference to a key; the key itself was expected, since the node reads no references.",
                source,
                recommendedAction: "Render the file with New-TsExtensionServiceConfig -AuthKeyReference, which reads the key at its place."
            );
        if (key.Split('-', '_').Any(word => Example().IsMatch(word)))
            throw TailnetErrors.AuthKeyInvalid.New($"'{source}' holds an example, not a key.", source);
        if (kind == TailnetKeyKind.OAuthClientSecret)
            CheckOptions(key, source);
        var made = new AuthKey(key, kind, source);
        if (!ownControlServer)
            made.RequireTailscale();
        return made;
    }

    /// <summary>The key among the settings of a node; null where there is none, or where it is read from a file there.</summary>
    /// <param name="entries">The entries of the environment, <c>NAME=value</c>.</param>
    /// <exception cref="TsException">AuthKeyInvalid.</exception>
    internal static AuthKey? OfEnvironment(IReadOnlyList<string> entries)
    {
        foreach (var name in (string[])["TS_AUTHKEY", "TS_AUTH_KEY"])
        {
            var value = EnvironmentText.Value(entries, name);
            if (string.IsNullOrWhiteSpace(value))
                continue;
            return value.StartsWith("file:", StringComparison.Ordinal) || value.Contains("${", StringComparison.Ordinal)
                ? null
                : Create(value, name, ownControlServer: true);
        }

        return null;
    }

    /// <summary>Refuses a key of another form than Tailscale's own, as only a control server of one's own makes.</summary>
    /// <exception cref="TsException">AuthKeyInvalid.</exception>
    internal void RequireTailscale()
    {
        if (Kind == TailnetKeyKind.Other)
            throw TailnetErrors.AuthKeyInvalid.New(
                $"'{Source}' holds a text of {_value.Length} characters that does not begin with tskey-auth- or tskey-client-, "
                    + "and no login server of one's own is named.",
                Source,
                recommendedAction: "A key of Headscale needs its server: -LoginServer, or --login-server=URL in TS_EXTRA_ARGS. "
                    + TailnetErrors.AuthKeyInvalid.RecommendedAction
            );
    }

    /// <summary>The key itself, for the rendered file.</summary>
    /// <returns>The secret.</returns>
    public string Reveal() => _value;

    /// <summary>Whether nodes that log in with it vanish from the tailnet when they go offline; null when not known.</summary>
    public bool? Ephemeral => Kind == TailnetKeyKind.OAuthClientSecret ? BoolOption(_value, "ephemeral") ?? true : null;

    /// <summary>Whether nodes need no approval; null when not known.</summary>
    public bool? Preauthorized =>
        Kind == TailnetKeyKind.OAuthClientSecret ? BoolOption(_value, "preauthorized") ?? false : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} from {Source}";

    internal static TailnetKeyKind KindOf(string key) =>
        key switch
        {
            _ when key.StartsWith("tskey-auth-", StringComparison.Ordinal) => TailnetKeyKind.AuthKey,
            _ when key.StartsWith("tskey-client-", StringComparison.Ordinal) => TailnetKeyKind.OAuthClientSecret,
            _ when key.StartsWith("tskey-api-", StringComparison.Ordinal) => TailnetKeyKind.ApiToken,
            // Keys of before 2022 have no kind in their name.
            _ when LegacyShape().IsMatch(key) => TailnetKeyKind.AuthKey,
            _ => TailnetKeyKind.Other,
        };

    // tailscale's feature/oauthkey: an option that it does not know is an error at log-in.
    private static void CheckOptions(string key, string source)
    {
        foreach (var (name, value) in Options(key))
        {
            var good = name switch
            {
                "ephemeral" or "preauthorized" => value.Length == 0 || GoBool.TryParse(value, out _),
                "baseURL" => Uri.TryCreate(value, UriKind.Absolute, out _),
                _ => false,
            };
            if (!good)
                throw TailnetErrors.AuthKeyInvalid.New(
                    $"The OAuth secret of '{source}' has the option '{name}' that tailscale does not know or cannot read; "
                        + "ephemeral, preauthorized and baseURL were expected.",
                    source
                );
        }
    }

    private static bool? BoolOption(string key, string name)
    {
        foreach (var (option, value) in Options(key))
            if (option == name && GoBool.TryParse(value, out var result))
                return result;
        return null;
    }

    private static IEnumerable<(string Name, string Value)> Options(string key)
    {
        var question = key.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
            yield break;
        foreach (var part in key[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0 ? (part, "") : (part[..equals], Uri.UnescapeDataString(part[(equals + 1)..]));
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_.~:/?=&%+-]+$")]
    private static partial Regex Shape();

    // op://vault/item, env:NAME and their like: tailscale would take them for a key.
    [GeneratedRegex("^(?:[a-z][a-z0-9+.-]*://|(?:env|vault|sops|ref|arn):)", RegexOptions.IgnoreCase)]
    private static partial Regex Reference();

    // Words of examples; a real key has none between its hyphens.
    [GeneratedRegex(
        "^(?:your|example|placeholder|changeme|replace|redacted|here|x{3,}|\\.{3,})$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Example();

    [GeneratedRegex("^tskey-[0-9a-f]{20,}$")]
    private static partial Regex LegacyShape();
}

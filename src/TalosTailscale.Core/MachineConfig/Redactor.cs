using System.Text;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// The one place that takes secrets out of text. Everything the module shows (verbose, debug, progress, errors, diffs)
/// goes through <see cref="Mask"/>.
/// </summary>
/// <remarks>
/// Two ways: patterns that know what a secret looks like (Tailscale keys, PEM, base64 PEM, tokens, passwords, secrets in
/// environment variables, headers and URLs), and values that were registered because the module itself read them.
/// Thread-safe.
/// </remarks>
public static partial class Redactor
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Masked = "***";

    /// <summary>The oldest values go first; a long session must not grow without bound.</summary>
    private const int MaximumCount = 65_536;

    // One look for any of these decides whether the patterns have to run at all; all of them are ASCII.
    private static readonly string[] s_triggers =
    [
        "tskey-",
        "-----BEGIN",
        "LS0tLS1CRUdJTi",
        "key",
        "secret",
        "token",
        "passw",
        "passphrase",
        "auth",
        "bearer",
        "basic ",
        "credential",
        "://",
    ];

    private static readonly SecretSet s_known = new(MaximumCount);

    /// <summary>Makes a value known as a secret: wherever it appears from now on, it is masked.</summary>
    /// <param name="secret">
    /// The value; null, blank and very short ones (under 6 characters) are ignored. Its base64 and percent-encoded forms are
    /// masked too, and each line of a value of several lines.
    /// </param>
    public static void Register(string? secret)
    {
        if (string.IsNullOrWhiteSpace(secret))
            return;
        string[] lines = secret.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines)
        {
            // The armour of a PEM file says what it is and is no secret; masking it would hide which key is meant.
            if (line.Length < SecretSet.MinimumLength || line.StartsWith("-----", StringComparison.Ordinal))
                continue;
            s_known.Add(line);
            s_known.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(line)));
            string escaped = Uri.EscapeDataString(line);
            if (escaped != line)
                s_known.Add(escaped);
        }

        if (lines.Length > 1)
            s_known.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)));
    }

    /// <summary>The text without secrets.</summary>
    /// <param name="text">Any text: one line or a whole machine configuration; null gives an empty text.</param>
    /// <returns>The same instance when there was nothing to mask.</returns>
    public static string Mask(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return string.Empty;
        string result = s_known.Mask(text, Masked);
        return MayHoldSecret(result) ? MaskPatterns(result) : result;
    }

    private static bool MayHoldSecret(string text)
    {
        foreach (string trigger in s_triggers)
        {
            if (text.Contains(trigger, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string MaskPatterns(string text)
    {
        text = PrivateKey().Replace(text, "$1" + Masked + "$2");
        text = EncodedPem().Replace(text, Masked);
        text = TailscaleKey().Replace(text, "$1" + Masked);
        text = QuotedEnvironmentSecret().Replace(text, "$2" + Masked + "$1");
        text = EnvironmentSecret().Replace(text, "$1" + Masked);
        text = SecretFlag().Replace(text, "$1" + Masked);
        text = SecretField().Replace(text, MaskField);
        text = KeyMaterialField().Replace(text, "$1" + Masked);
        text = BootstrapToken().Replace(text, Masked);
        text = AuthorizationValue().Replace(text, "$1 " + Masked);
        return UrlPassword().Replace(text, "$1" + Masked + "@");
    }

    private static string MaskField(Match match) =>
        match.Groups[2].ValueSpan is "\"\"" or "''" or "null" or "~" || match.Groups[2].Value == Masked
            ? match.Value
            : match.Groups[1].Value + Masked;

    // PEM as text; a block without its end (a cut-off log) is masked as far as it goes.
    [GeneratedRegex(@"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)")]
    private static partial Regex PrivateKey();

    // "-----BEGIN" in base64: certificates and keys of a machine configuration.
    [GeneratedRegex("LS0tLS1CRUdJTi[A-Za-z0-9+/]+=*")]
    private static partial Regex EncodedPem();

    // tskey-auth-, tskey-client-, tskey-api- … (https://tailscale.com/kb/1252/key-types-prefixes) and Headscale's
    // hskey-auth-: id and secret go.
    [GeneratedRegex("((?:tskey|hskey)-[a-z]+-)[A-Za-z0-9_-]+")]
    private static partial Regex TailscaleKey();

    [GeneratedRegex(
        """\b([A-Z0-9_]*(?:AUTH_?KEY|API_?KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|CREDENTIALS?)=)(?!file:|\*\*\*|\$\{)("[^"\r\n]*"|[^\s"',\]}]+)"""
    )]
    private static partial Regex EnvironmentSecret();

    // In quotes the value goes to the closing one, blanks included.
    [GeneratedRegex(
        """(?<=(["']))([A-Z0-9_]*(?:AUTH_?KEY|API_?KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|CREDENTIALS?)=)(?!file:|\$\{)[^"'\r\n]+\1"""
    )]
    private static partial Regex QuotedEnvironmentSecret();

    // Arguments of tailscale up.
    [GeneratedRegex(@"(--?(?:auth-?key|client-secret|id-token)[= ])(?!file:|\*\*\*|\$\{)[^\s""',\]}]+")]
    private static partial Regex SecretFlag();

    // Fields whose value is secret whatever it looks like, in YAML and in JSON.
    [GeneratedRegex(
        """((?<![\w-])"?(?:[A-Za-z]*[Pp]assword|[Pp]assphrase|[A-Za-z]*[Tt]oken|[A-Za-z]*[Ss]ecret|client_secret|access_token|authkey|auth_key|secretAccessKey|privateKey|presharedKey)"?[ \t]*:[ \t]+|"(?:[A-Za-z_]*[Pp]assword|[Pp]assphrase|[A-Za-z_]*[Tt]oken|[A-Za-z_]*[Ss]ecret|key|authkey|privateKey)":)("(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|[^\s,}#]+)"""
    )]
    private static partial Regex SecretField();

    // "key" and "crt" are words too: only what is long enough to be key material counts.
    [GeneratedRegex("""((?<![\w-])(?:key|crt|auth|identityToken)[ \t]*:[ \t]+)["']?[A-Za-z0-9+/_.-]{16,}=*["']?""")]
    private static partial Regex KeyMaterialField();

    // Talos and Kubernetes join tokens: six characters, a dot, sixteen characters.
    [GeneratedRegex(@"(?<![\w.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w-])")]
    private static partial Regex BootstrapToken();

    [GeneratedRegex(@"\b(Bearer|Basic)\s+[A-Za-z0-9+/_=.~-]{16,}", RegexOptions.IgnoreCase)]
    private static partial Regex AuthorizationValue();

    [GeneratedRegex(@"(://[^\s/@:]*:)[^\s/@]+@")]
    private static partial Regex UrlPassword();
}

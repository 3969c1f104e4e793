using System.Globalization;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>
/// What a generated kubeconfig may be like, and what the one of a number is like. A round of numbers has each value that is
/// to be refused once, alone among usable ones, and then each usable one twice in other company; later rounds mix anew.
/// </summary>
internal sealed class OracleChoices
{
    // The first usable value is the plain one.
    private static readonly (string What, string[] Usable, string[] Refused)[] s_dimensions =
    [
        (
            "proxy",
            ["none", "http", "socks5", "with password", "HTTPS_PROXY", "HTTPS_PROXY without scheme", "NO_PROXY"],
            ["ftp", "nobody there"]
        ),
        (
            "CA",
            [
                "root data",
                "root file",
                "root bundle",
                "intermediate",
                "intermediate, leaf sent alone",
                "leaf",
                "root over intermediate",
                "data with text around",
            ],
            [
                "stranger",
                "stranger first",
                "garbage",
                "missing file",
                "both",
                "none",
                "root, leaf sent alone",
                "insecure",
            ]
        ),
        ("TLS name", ["none", "localhost", "wildcard"], ["other"]),
        ("server", ["https", "with path", "capital letters"], ["no scheme", "http", "empty", "garbage"]),
        (
            "identity",
            [
                "certificate",
                "token",
                "token file",
                "token and token file",
                "basic",
                "rsa",
                "cert data, key file",
                "cert file, key data",
                "one file for both",
                "exec token",
                "exec certificate",
                "exec v1beta1",
                "oidc",
                "token and certificate",
            ],
            [
                "nobody",
                "token and basic",
                "cert without key",
                "other key",
                "cert twice",
                "missing token file",
                "empty token file",
                "number as token",
                "oidc ended",
                "azure",
                "gcp",
                "exec without command",
                "exec v1alpha1",
                "exec wrong version",
                "exec wrong kind",
                "exec fails",
                "exec absent",
                "exec without mode",
                "exec always",
                "broken base64",
            ]
        ),
        ("as", ["nobody", "user", "groups", "all"], ["groups without user"]),
        (
            "layout",
            ["one file", "a list", "empty files between", "json"],
            [
                "no such context",
                "no current context",
                "no such user",
                "no such cluster",
                "duplicate",
                "wrong kind",
                "wrong version",
                "tabs",
                "text",
            ]
        ),
        ("names", ["plain", "two cases", "blanks", "anchors", "unicode"], ["wrong case"]),
    ];

    private static readonly (string What, string Value)[] s_refused =
    [
        .. s_dimensions.SelectMany(one => one.Refused.Select(value => (one.What, value))),
    ];

    private static readonly int s_longest = s_dimensions.Max(one => one.Usable.Length);

    private readonly int _number;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    internal OracleChoices(int number)
    {
        _number = number;
        (int round, int at) = Math.DivRem(number, Round);
        var random = new Random(number);
        for (int dimension = 0; dimension < s_dimensions.Length; dimension++)
        {
            (string what, string[] usable, _) = s_dimensions[dimension];
            (int turn, int step) = Math.DivRem(at - s_refused.Length, s_longest);
            int shift = ((2 * round) + turn) * ((2 * dimension) + 1);
            _values[what] =
                at >= s_refused.Length ? usable[(step + shift) % usable.Length]
                : s_refused[at].What == what ? s_refused[at].Value
                : random.Next(3) > 0 ? usable[0]
                : usable[random.Next(usable.Length)];
        }
    }

    /// <summary>How many numbers have each value.</summary>
    internal static int Round => s_refused.Length + (2 * s_longest);

    internal string this[string what] => _values[what];

    public override string ToString()
    {
        IEnumerable<string> told = s_dimensions
            .Where(one => _values[one.What] != one.Usable[0])
            .Select(one => $"{one.What}: {_values[one.What]}");
        return $"#{_number.ToString(CultureInfo.InvariantCulture)} ({string.Join(", ", told)})";
    }
}

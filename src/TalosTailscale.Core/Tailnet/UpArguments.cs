using System.Collections.Frozen;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig.Schema;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// The value of TS_EXTRA_ARGS as <c>tailscale up</c> reads it: split at blanks as containerboot does, without quoting, then
/// by the rules of Go's flag package (tailscale/tailscale cmd/tailscale/cli/up.go, v1.80 to v1.102).
/// </summary>
internal sealed class UpArguments
{
    // What a flag's value has to be.
    private enum Value
    {
        Text,
        Boolean,
        Duration,
    }

    private static readonly FrozenDictionary<string, Value> s_flags = new Dictionary<string, Value>
    {
        ["accept-dns"] = Value.Boolean,
        ["accept-risk"] = Value.Text,
        ["accept-routes"] = Value.Boolean,
        ["advertise-connector"] = Value.Boolean,
        ["advertise-exit-node"] = Value.Boolean,
        ["advertise-routes"] = Value.Text,
        ["advertise-tags"] = Value.Text,
        ["audience"] = Value.Text,
        ["auth-key"] = Value.Text,
        ["authkey"] = Value.Text,
        ["client-id"] = Value.Text,
        ["client-secret"] = Value.Text,
        ["exit-node"] = Value.Text,
        ["exit-node-allow-lan-access"] = Value.Boolean,
        ["force-reauth"] = Value.Boolean,
        ["host-routes"] = Value.Boolean,
        ["hostname"] = Value.Text,
        ["id-token"] = Value.Text,
        ["json"] = Value.Boolean,
        ["login-server"] = Value.Text,
        ["netfilter-mode"] = Value.Text,
        ["operator"] = Value.Text,
        ["posture-checking"] = Value.Boolean,
        ["qr"] = Value.Boolean,
        ["qr-format"] = Value.Text,
        ["report-posture"] = Value.Boolean,
        ["reset"] = Value.Boolean,
        ["shields-up"] = Value.Boolean,
        ["snat-subnet-routes"] = Value.Boolean,
        ["ssh"] = Value.Boolean,
        ["stateful-filtering"] = Value.Boolean,
        ["timeout"] = Value.Duration,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Flags that only `tailscale set` has; `up` refuses them.
    private static readonly FrozenSet<string> s_ofSet = new[]
    {
        "auto-update",
        "nickname",
        "relay-server-port",
        "relay-server-static-endpoints",
        "remote-config",
        "sync",
        "unattended",
        "update-check",
        "webclient",
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly List<ContainerbootFinding> _findings = [];
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private UpArguments() { }

    /// <summary>What <c>tailscale up</c> would refuse, in the order of the words.</summary>
    public IReadOnlyList<ContainerbootFinding> Findings => _findings;

    /// <summary>The names of the flags that are given, without dashes.</summary>
    public IReadOnlyCollection<string> Names => _values.Keys;

    /// <summary>The value of a flag, the last one that is given; <c>true</c> for one without a value; null when not given.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Whether a flag is given and true.</summary>
    public bool IsOn(string name) => GoBool.TryParse(this[name], out var on) && on;

    /// <summary>Whether a control server is named that is not Tailscale's, such as Headscale.</summary>
    public bool HasOwnServer =>
        Uri.TryCreate(this["login-server"], UriKind.Absolute, out var server)
        && !server.Host.EndsWith(".tailscale.com", StringComparison.OrdinalIgnoreCase);

    /// <summary>Splits as Go's <c>strings.Fields</c> does: at blanks, without quoting.</summary>
    public static string[] Words(string? text) =>
        (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads the arguments; what follows a word that tailscale refuses is read all the same.</summary>
    public static UpArguments Parse(string? text)
    {
        var arguments = new UpArguments();
        var words = Words(text);
        for (var at = 0; at < words.Length; at++)
            at = arguments.Take(words, at);
        return arguments;
    }

    // The index of the last word that belongs to the flag.
    private int Take(string[] words, int at)
    {
        var word = words[at];
        if (word.Length < 2 || word[0] != '-' || word == "--")
        {
            RefuseWord(words, at);
            return at;
        }

        var flag = word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : word[1..];
        var equals = flag.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? flag : flag[..equals];
        if (!s_flags.TryGetValue(name, out var kind))
        {
            RefuseFlag(name);
            return at;
        }

        var value = equals < 0 ? null : flag[(equals + 1)..];
        if (value is null && kind == Value.Boolean)
            value = "true";
        if (value is null && at + 1 < words.Length)
            value = words[++at];
        if (value is null)
            Refuse("FlagWithoutValue", $"--{name} has no value in TS_EXTRA_ARGS.", $"Write --{name}=VALUE.");
        else if (kind == Value.Boolean && !GoBool.TryParse(value, out _))
            Refuse(
                "FlagValueInvalid",
                $"--{name}={value} is neither true nor false.",
                $"Write --{name}=true or =false."
            );
        else if (kind == Value.Duration && !GoDuration.IsValid(value))
            Refuse("FlagValueInvalid", $"--{name}={value} is no duration.", $"Write --{name}=60s.");
        else
            _values[Current(name)] = value;
        return at;
    }

    // The names that tailscale itself rewrites (cli.CleanUpArgs).
    private static string Current(string name) =>
        name switch
        {
            "authkey" => "auth-key",
            "posture-checking" => "report-posture",
            _ => name,
        };

    private void RefuseWord(string[] words, int at)
    {
        var before = at > 0 ? words[at - 1].TrimStart('-') : "";
        if (s_flags.GetValueOrDefault(before) == Value.Boolean && GoBool.TryParse(words[at], out _))
            Refuse(
                "BooleanAfterBlank",
                $"TS_EXTRA_ARGS has '{words[at]}' after --{before}; a value of true or false follows an equals sign, and tailscale refuses a word of its own.",
                $"Write --{before}={words[at]}."
            );
        else
            Refuse(
                "WordWithoutFlag",
                $"TS_EXTRA_ARGS has '{words[at]}', which is no flag; tailscale refuses it.",
                words[at][0] is '[' or ']' ? "Remove the brackets." : "Remove it, or write it as --flag=value."
            );
    }

    private void RefuseFlag(string name)
    {
        var fix =
            s_ofSet.Contains(name) ? "Remove it; only 'tailscale set' has it, or another system."
            : NearestName.Find(name, s_flags.Keys) is { } near ? $"Write --{near}."
            : "Remove it; tailscale up has no such flag.";
        Refuse("FlagUnknown", $"TS_EXTRA_ARGS has --{name}, which tailscale up does not know.", fix);
    }

    private void Refuse(string code, string message, string fix) =>
        _findings.Add(new ContainerbootFinding(code, true, message, fix));
}

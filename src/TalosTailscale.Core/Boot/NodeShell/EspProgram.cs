using System.Globalization;
using System.Reflection;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>
/// The shell program <c>esp.sh</c> (the parts in the folder <c>esp</c>) on a node: sent on standard input, and kept at most
/// in the container of the shell, which goes with it. Arguments are passed as arguments, and what it says by exit code and
/// <c>key=value</c> lines becomes values and errors.
/// </summary>
internal sealed class EspProgram
{
    /// <summary>Blocks in which <c>read</c> and <c>raw</c> count.</summary>
    internal const int BlockSize = 4096;

    private const int OutputLimit = 4 * 1024 * 1024;

    // Reads exactly the program from standard input, whatever follows it there. Not as an argument: proxies in front of an
    // API server limit the length of a URL. Not by head: busybox's reads ahead.
    private const string Start = "p=$(dd bs=\"$1\" count=1 iflag=fullblock 2>/dev/null) && shift && eval \"$p\"";

    private const string StartAndKeep =
        "p=$(dd bs=\"$1\" count=1 iflag=fullblock 2>/dev/null) && { printf '%s\\n' \"$p\" >\"${TMPDIR:-/tmp}/esp.sh\" && kept=yes || :; } 2>/dev/null && shift && eval \"$p\"";

    private const string StartKept = "shift && kept=yes && . \"${TMPDIR:-/tmp}/esp.sh\"";

    private static readonly Lazy<byte[]> s_text = new(ReadProgram);

    private readonly INodeShell _shell;
    private readonly IReporter _reporter;
    private bool _kept;

    internal EspProgram(INodeShell shell, IReporter reporter)
    {
        _shell = shell;
        _reporter = reporter;
    }

    /// <summary>The text of the program.</summary>
    internal static ReadOnlyMemory<byte> Text => s_text.Value;

    /// <summary>The shell that it runs in.</summary>
    internal INodeShell Shell => _shell;

    /// <summary>Runs a sub-command whose answer is lines.</summary>
    internal Task<ProgramResult> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        RunAsync(null, cancellationToken, arguments);

    /// <summary>Runs a sub-command that reads bytes and answers with lines.</summary>
    internal async Task<ProgramResult> RunAsync(
        Stream? input,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        using var output = new BoundedText(OutputLimit);
        await CallAsync(input, output, output.ToString, arguments, cancellationToken).ConfigureAwait(false);
        return ProgramResult.Parse(output.ToString());
    }

    /// <summary>Runs <c>read</c> or <c>raw</c>, whose answer is bytes.</summary>
    internal async Task<ReadOnlyMemory<byte>> ReadAsync(
        int limit,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        // The lines of a failure come on the same stream and are short.
        var output = new BoundedText(Math.Max(limit, 64 * 1024));
        await using (output.ConfigureAwait(false))
        {
            await CallAsync(null, output, output.ToString, arguments, cancellationToken).ConfigureAwait(false);
            return output.Bytes.ToArray();
        }
    }

    /// <summary>Whether a sub-command may be run again after this failure: by a new shell where the old one is gone.</summary>
    internal async Task<bool> RecoverAsync(TsException failure, CancellationToken cancellationToken)
    {
        if (_shell.IsTransient(failure))
            return true;
        if (!await _shell.RenewAsync(failure, cancellationToken).ConfigureAwait(false))
            return false;
        _kept = false;
        return true;
    }

    private async Task CallAsync(
        Stream? input,
        Stream output,
        Func<string> said,
        string[] arguments,
        CancellationToken cancellationToken
    )
    {
        _reporter.Verbose($"{_shell.Node}: esp.sh {string.Join(' ', arguments)}");
        using var errors = new BoundedText(OutputLimit);
        string length = s_text.Value.Length.ToString(CultureInfo.InvariantCulture);
        string start =
            _kept ? StartKept
            : _shell.KeepsFiles ? StartAndKeep
            : Start;
        Stream? stdin = _kept ? input : new PrefixedStream(s_text.Value, input);
        int code = await _shell
            .RunAsync(["sh", "-c", start, "esp", length, .. arguments], stdin, output, errors, cancellationToken)
            .ConfigureAwait(false);
        if (code != 0)
            throw Failure(code, arguments[0], ProgramResult.Parse(said()), errors);
        if (arguments[0] == "probe")
            _kept = ProgramResult.Parse(said())["kept"] == "yes";
    }

    private TsException Failure(int code, string command, ProgramResult result, BoundedText errors)
    {
        if (result.Find("error") is not { } error)
        {
            return BootErrors.NodeShellFailed.New(
                $"'esp.sh {command}' on '{_shell.Node}' ended with exit code {code}{Reason(code)}. {Tail(errors)}",
                _shell.Node
            );
        }

        TsException exception = ErrorOf(error).New($"{_shell.Node}: {result["message"]}.", _shell.Node);
        foreach ((string key, string value) in result.Lines)
            exception.Data[key] = value;
        return exception;
    }

    private static string Reason(int code) =>
        code switch
        {
            126 or 127 => " (a tool is missing in the image)",
            137 => " (killed, as for want of memory)",
            > 128 and < 165 => string.Create(CultureInfo.InvariantCulture, $" (signal {code - 128})"),
            _ => "",
        };

    private static TsError ErrorOf(string code) =>
        code switch
        {
            "DeviceNotFound" or "MountFailed" or "FolderNotFound" or "UnmountFailed" => BootErrors.EspMountFailed,
            "NameInvalid" => BootErrors.EspNameInvalid,
            "ReadOnly" => BootErrors.EspReadOnly,
            "FileNotFound" or "FileExists" or "Changed" => BootErrors.EspChanged,
            "Locked" => BootErrors.EspLocked,
            "NoSpace" => BootErrors.EspFull,
            "ShortTransfer" => BootErrors.TransferIncomplete,
            "HashMismatch" => BootErrors.EspHashMismatch,
            "WriteFailed" => BootErrors.EspWriteFailed,
            "ReadFailed" => BootErrors.EspReadFailed,
            _ => BootErrors.NodeShellFailed,
        };

    private static string Tail(BoundedText errors)
    {
        string text = errors.ToString().Trim();
        return text.Length <= 500 ? text : text[^500..];
    }

    private static byte[] ReadProgram()
    {
        // A checkout on Windows may have converted the line ends, which sh does not forgive; what explains it stays here.
        string[] code =
        [
            .. Source().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'),
        ];
        return Encoding.UTF8.GetBytes(string.Join('\n', code) + '\n');
    }

    /// <summary>The parts of the program with their comments, joined in the order of their names.</summary>
    internal static string Source()
    {
        const string Prefix = "TalosTailscale.Core.Boot.NodeShell.esp.";
        Assembly assembly = typeof(EspProgram).Assembly;
        var text = new StringBuilder();
        foreach (
            string part in assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(part)!, Encoding.UTF8);
            text.Append(reader.ReadToEnd());
        }

        return text.ToString();
    }
}

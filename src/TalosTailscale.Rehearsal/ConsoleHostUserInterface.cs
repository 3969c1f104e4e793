using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace TalosTailscale.Rehearsal;

/// <summary>
/// Text, progress and questions of the embedded engine. Progress is one line that is written over on a terminal and
/// left out elsewhere; questions are answered with their default, since nobody sits at a rehearsal.
/// </summary>
internal sealed class ConsoleHostUserInterface(TextWriter output, TextWriter error, bool interactive, bool colour)
    : PSHostUserInterface
{
    private readonly object _gate = new();
    private readonly ConsoleHostRawUserInterface _raw = new(interactive);
    private int _progressWidth;

    public override PSHostRawUserInterface RawUI => _raw;

    public override bool SupportsVirtualTerminal => colour;

    public override void Write(string value) => Print(output, value, newLine: false);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Write(value);

    public override void WriteLine(string value) => Print(output, value, newLine: true);

    public override void WriteErrorLine(string value) => Print(error, value, newLine: true);

    public override void WriteDebugLine(string message) => Print(output, "DEBUG: " + message, newLine: true);

    public override void WriteVerboseLine(string message) => Print(output, "VERBOSE: " + message, newLine: true);

    public override void WriteWarningLine(string message) => Print(output, "WARNING: " + message, newLine: true);

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (!interactive)
            return;
        lock (_gate)
        {
            ClearProgress();
            if (record.RecordType == ProgressRecordType.Completed)
                return;
            string percent = record.PercentComplete >= 0 ? $" {record.PercentComplete, 3} %" : "";
            string line = $"  {record.Activity} — {record.StatusDescription}{percent}";
            int width = Math.Max(20, _raw.BufferSize.Width - 1);
            if (line.Length > width)
                line = line[..width];
            output.Write(line);
            output.Flush();
            _progressWidth = line.Length;
        }
    }

    public override Dictionary<string, PSObject> Prompt(
        string caption,
        string message,
        Collection<FieldDescription> descriptions
    ) => throw new PSInvalidOperationException($"The rehearsal cannot ask for input: {caption} {message}");

    public override int PromptForChoice(
        string caption,
        string message,
        Collection<ChoiceDescription> choices,
        int defaultChoice
    ) => defaultChoice;

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName
    ) => throw new PSInvalidOperationException($"The rehearsal cannot ask for credentials: {caption}");

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options
    ) => PromptForCredential(caption, message, userName, targetName);

    public override string ReadLine() => throw new PSInvalidOperationException("The rehearsal cannot ask for input.");

    public override SecureString ReadLineAsSecureString() =>
        throw new PSInvalidOperationException("The rehearsal cannot ask for input.");

    private void Print(TextWriter writer, string value, bool newLine)
    {
        lock (_gate)
        {
            ClearProgress();
            string text = colour ? value : new StringDecorated(value).ToString(OutputRendering.PlainText);
            if (newLine)
                writer.WriteLine(text);
            else
                writer.Write(text);
            writer.Flush();
        }
    }

    private void ClearProgress()
    {
        if (_progressWidth == 0)
            return;
        output.Write('\r' + new string(' ', _progressWidth) + '\r');
        _progressWidth = 0;
    }
}

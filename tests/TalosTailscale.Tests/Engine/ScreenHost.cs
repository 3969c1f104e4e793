using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;
using System.Text;

namespace TalosTailscale.Tests.Engine;

/// <summary>A screen of a given width that keeps what is written to it.</summary>
internal sealed class ScreenHost(int width) : PSHost
{
    private readonly ScreenText _ui = new(width);

    /// <summary>What was written, without colours: what a file or a pipe gets.</summary>
    public string Text => new StringDecorated(_ui.Text).ToString(OutputRendering.PlainText);

    /// <summary>What a terminal gets: as the console does it, with the colours that <c>$PSStyle.OutputRendering</c> leaves.</summary>
    public string RawText => PSHostUserInterface.GetOutputString(_ui.Text, supportsVirtualTerminal: true);

    /// <summary>What was on the screen when each question was asked, the question with it.</summary>
    public IReadOnlyList<string> Asked => _ui.Asked;

    /// <summary>Questions with this text are answered with no; the others with their default.</summary>
    public string? SaysNoTo
    {
        get => _ui.SaysNoTo;
        set => _ui.SaysNoTo = value;
    }

    /// <summary>What happens in the world while a question waits for its answer.</summary>
    public Action? WhileAsking
    {
        get => _ui.WhileAsking;
        set => _ui.WhileAsking = value;
    }

    public void Clear() => _ui.Clear();

    // Whatever the machine's: dates and the wrapping of words go by it.
    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "screen";

    public override PSHostUserInterface UI => _ui;

    public override Version Version { get; } = new(1, 0);

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication() { }

    public override void NotifyEndApplication() { }

    public override void SetShouldExit(int exitCode) { }

    private sealed class ScreenText(int width) : PSHostUserInterface
    {
        private readonly StringBuilder _text = new();
        private readonly ScreenSize _raw = new(width);

        public string Text => _text.ToString().ReplaceLineEndings("\n");

        public List<string> Asked { get; } = [];

        public string? SaysNoTo { get; set; }

        public Action? WhileAsking { get; set; }

        public void Clear() => _text.Clear();

        public override PSHostRawUserInterface RawUI => _raw;

        public override void Write(string value) => _text.Append(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
            _text.Append(value);

        public override void WriteLine(string value) => _text.AppendLine(value);

        public override void WriteErrorLine(string value) => _text.AppendLine(value);

        public override void WriteDebugLine(string message) => _text.AppendLine("DEBUG: " + message);

        public override void WriteVerboseLine(string message) => _text.AppendLine("VERBOSE: " + message);

        public override void WriteWarningLine(string message) => _text.AppendLine("WARNING: " + message);

        public override void WriteProgress(long sourceId, ProgressRecord record) { }

        public override Dictionary<string, PSObject> Prompt(
            string caption,
            string message,
            Collection<FieldDescription> descriptions
        ) => throw new NotSupportedException();

        public override int PromptForChoice(
            string caption,
            string message,
            Collection<ChoiceDescription> choices,
            int defaultChoice
        )
        {
            Asked.Add($"{Text}\n{message}");
            WhileAsking?.Invoke();
            return SaysNoTo is { } text && message.Contains(text, StringComparison.Ordinal)
                ? choices.IndexOf(choices.First(choice => choice.Label == "&No"))
                : defaultChoice;
        }

        public override PSCredential PromptForCredential(
            string caption,
            string message,
            string userName,
            string targetName
        ) => throw new NotSupportedException();

        public override PSCredential PromptForCredential(
            string caption,
            string message,
            string userName,
            string targetName,
            PSCredentialTypes allowedCredentialTypes,
            PSCredentialUIOptions options
        ) => throw new NotSupportedException();

        public override string ReadLine() => throw new NotSupportedException();

        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();
    }

    private sealed class ScreenSize(int width) : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }

        public override ConsoleColor ForegroundColor { get; set; }

        public override Size BufferSize
        {
            get => new(width, 50);
            set { }
        }

        public override Coordinates CursorPosition { get; set; }

        public override int CursorSize { get; set; }

        public override bool KeyAvailable => false;

        public override Size MaxPhysicalWindowSize => BufferSize;

        public override Size MaxWindowSize => BufferSize;

        public override Coordinates WindowPosition { get; set; }

        public override Size WindowSize
        {
            get => BufferSize;
            set { }
        }

        public override string WindowTitle { get; set; } = "";

        public override void FlushInputBuffer() { }

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override void ScrollBufferContents(
            Rectangle source,
            Coordinates destination,
            Rectangle clip,
            BufferCell fill
        ) => throw new NotSupportedException();

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) =>
            throw new NotSupportedException();

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) =>
            throw new NotSupportedException();
    }
}

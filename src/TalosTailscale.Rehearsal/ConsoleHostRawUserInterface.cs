using System.Management.Automation.Host;

namespace TalosTailscale.Rehearsal;

/// <summary>The little that the formatting of views asks of a terminal: its width.</summary>
internal sealed class ConsoleHostRawUserInterface(bool interactive) : PSHostRawUserInterface
{
    private const int PlainWidth = 120;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override Size BufferSize
    {
        get => new(interactive ? Math.Max(80, Console.WindowWidth) : PlainWidth, 50);
        set { }
    }

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; } = 25;

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

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) =>
        throw new NotSupportedException("The rehearsal has no screen buffer.");

    public override KeyInfo ReadKey(ReadKeyOptions options) =>
        throw new NotSupportedException("The rehearsal reads no keys.");

    public override void ScrollBufferContents(
        Rectangle source,
        Coordinates destination,
        Rectangle clip,
        BufferCell fill
    ) => throw new NotSupportedException("The rehearsal has no screen buffer.");

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) =>
        throw new NotSupportedException("The rehearsal has no screen buffer.");

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) =>
        throw new NotSupportedException("The rehearsal has no screen buffer.");
}

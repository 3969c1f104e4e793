using System.Globalization;
using System.Management.Automation.Host;

namespace TalosTailscale.Rehearsal;

/// <summary>A host for the embedded engine that writes to a terminal or, redirected, to plain text. It never prompts.</summary>
internal sealed class ConsoleHost : PSHost
{
    private readonly ConsoleHostUserInterface _ui;

    public ConsoleHost(TextWriter output, TextWriter error, bool interactive, bool colour) =>
        _ui = new ConsoleHostUserInterface(output, error, interactive, colour);

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "TalosTailscale rehearsal";

    public override PSHostUserInterface UI => _ui;

    public override Version Version { get; } = typeof(ConsoleHost).Assembly.GetName().Version ?? new Version(0, 0);

    /// <summary>What <c>exit N</c> in a script asked for; null when it did not.</summary>
    public int? ExitCode { get; private set; }

    public override void EnterNestedPrompt() => throw new NotSupportedException("The rehearsal has no prompt.");

    public override void ExitNestedPrompt() { }

    public override void NotifyBeginApplication() { }

    public override void NotifyEndApplication() { }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;
}

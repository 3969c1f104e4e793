namespace TalosTailscale.Tests.Boot;

/// <summary>What happens to one command of a <see cref="FolderNodeShell"/>.</summary>
/// <param name="CutAfter">The connection breaks after so many bytes of standard input.</param>
/// <param name="LosesAnswer">The command is carried out, but the answer is lost with the connection.</param>
/// <param name="ExitCode">The exit code is this, whatever the program said.</param>
internal sealed record ShellFault(long? CutAfter = null, bool LosesAnswer = false, int? ExitCode = null);

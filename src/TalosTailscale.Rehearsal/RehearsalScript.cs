namespace TalosTailscale.Rehearsal;

/// <summary>A script to play.</summary>
/// <param name="Text">Its text.</param>
/// <param name="MustCheck">True when it counts as passed only if it wrote checks.</param>
/// <param name="Fault">The fault that the lab plays, for the script's <c>$Fault</c>.</param>
internal sealed record RehearsalScript(string Text, bool MustCheck, string? Fault);

/// <summary>What came of a script.</summary>
/// <param name="Summary">One line for the end.</param>
/// <param name="ExitCode">0 only when nothing failed.</param>
internal sealed record ScriptOutcome(string Summary, int ExitCode);

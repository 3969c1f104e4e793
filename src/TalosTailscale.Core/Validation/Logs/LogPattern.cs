using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>What a log line says about the state of the extension.</summary>
internal enum LogMeaning
{
    /// <summary>A new attempt of the container begins; what was before is over.</summary>
    Start,

    /// <summary>The node is in the tailnet; failures before it are over.</summary>
    Success,

    /// <summary>The container was told to stop.</summary>
    Stop,

    /// <summary>A failure with a cause of its own.</summary>
    Failure,

    /// <summary>A failure that only says that something failed: counts when nothing better is there.</summary>
    Generic,

    /// <summary>A failure that does not keep the node out of the tailnet.</summary>
    Trouble,

    /// <summary>A failure that being in the tailnet does not end.</summary>
    Lasting,

    /// <summary>Worth saying and no failure.</summary>
    Hint,

    /// <summary>Known and of no interest, also where it has a word of failure.</summary>
    Benign,
}

/// <summary>What a line of failure means of a node that is in the tailnet already.</summary>
internal enum LogPassing
{
    /// <summary>A failure there as well.</summary>
    Stays,

    /// <summary>
    /// A connection that tailscaled takes up again without a word; that it does not, its health says.
    /// </summary>
    Passes,

    /// <summary>Nothing: every node's poll for changes ends now and then.</summary>
    Weather,

    /// <summary>A failure, unless the container was told to stop.</summary>
    EndOfStop,
}

/// <summary>One known kind of line.</summary>
/// <param name="Meaning">What it says.</param>
/// <param name="Cause">The cause, for failures.</param>
/// <param name="Pattern">A regular expression; matched without back-tracking.</param>
/// <param name="Seen">The source file that writes such lines, and the releases that have it.</param>
/// <param name="Fix">What to do, where it is more than what the cause says.</param>
internal sealed record LogPattern(
    LogMeaning Meaning,
    TsCheckCause? Cause,
    Regex Pattern,
    string Seen,
    string? Fix = null
)
{
    /// <summary>How often it has to come within one start to say anything.</summary>
    public int Least { get; init; } = 1;

    /// <summary>What it means once the node is in the tailnet.</summary>
    public LogPassing InTailnet { get; init; }

    /// <summary>A line with this is not meant.</summary>
    public Regex? Unless { get; init; }

    public bool Matches(string text) => Pattern.IsMatch(text) && Unless?.IsMatch(text) != true;

    public static LogPattern Of(LogMeaning meaning, string pattern, string seen) =>
        new(meaning, null, Compile(pattern), seen);

    public static LogPattern Failure(TsCheckCause cause, string pattern, string seen, string? fix = null) =>
        new(LogMeaning.Failure, cause, Compile(pattern), seen, fix);

    public static LogPattern Of(LogMeaning meaning, TsCheckCause cause, string pattern, string seen) =>
        new(meaning, cause, Compile(pattern), seen);

    // Without back-tracking: a log is untrusted text, and no line may take longer than its length.
    public static Regex Compile(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}

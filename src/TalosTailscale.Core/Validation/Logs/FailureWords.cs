using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>Words with which programs say that something went wrong.</summary>
internal static class FailureWords
{
    private static readonly Regex s_words = new(
        @"\b(errors?|err|fail(ed|s|ing|ure|ures)?|refus(ed|es|ing)|denied|reject(ed|s|ing)?|locked[ -]out"
            + "|unhealthy|needslogin|needsmachineauth"
            + "|can ?not|can't|could ?n[o']t|couldnt|unable|invalid|illegal|malformed|corrupt(ed)?|mismatch"
            + "|unsupported"
            + "|timed ?out|time-?out|deadline exceeded|expired|revoked|panic|fatal|crash(ed|es)?|segfault"
            + "|sig(segv|abrt|bus)|oom-?kill(ed)?|killed"
            + "|unauthori[sz]ed|forbidden|unreachable|not (permitted|allowed|authori[sz]ed|supported|trusted"
            + "|registered|found|reachable)"
            + "|no (such|route|space)|read-only file system|bad gateway|out of memory|exit (status"
            + @"|code):? [1-9]\d*|exited with|logged out|disconnected)\b",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    /// <summary>What no part of a program that is well says, whatever else it may fail at.</summary>
    public static Regex Grave { get; } =
        new(
            @"\b(panic|fatal|crash(ed)?|locked out|unhealthy|needslogin|corrupt(ed)?|revoked|segfault"
                + @"|(failed|unable) to bind|out of memory)\b",
            RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
        );

    /// <summary>Whether a line says that something failed.</summary>
    /// <param name="text">The line.</param>
    /// <returns>True if it does.</returns>
    public static bool In(ReadOnlySpan<char> text) => s_words.IsMatch(text);
}

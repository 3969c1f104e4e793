using System.Management.Automation;

namespace TalosTailscale.Rehearsal;

/// <summary>Counts the checks and errors that pass through a script's output.</summary>
public sealed class CheckTally
{
    private int _checks;
    private int _failed;
    private int _errors;

    /// <summary>Takes note of one output object.</summary>
    /// <param name="value">Any object; checks and error records count.</param>
    public void Count(object? value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case TsCheck check:
                _checks++;
                if (check.Status == TsCheckStatus.Fail)
                    _failed++;
                break;
            case ErrorRecord:
                _errors++;
                break;
        }
    }

    internal ScriptOutcome Outcome(bool mustCheck, int? exitCode)
    {
        string summary = $"{_checks} checks, {_failed} failed, {_errors} errors";
        if (exitCode is { } asked)
            return new ScriptOutcome(summary, asked);
        bool passed = _failed == 0 && _errors == 0 && (_checks > 0 || !mustCheck);
        return new ScriptOutcome(summary, passed ? 0 : 1);
    }
}

using System.Management.Automation;

namespace TalosTailscale.Rehearsal;

/// <summary>Counts the checks and errors that pass through a script's output.</summary>
public sealed class CheckTally
{
    private int _checks;
    private int _failed;
    private int _errors;

    /// <summary>What was counted, in one line.</summary>
    public string Summary => $"{_checks} checks, {_failed} failed, {_errors} errors";

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

    /// <summary>Whether nothing failed.</summary>
    /// <param name="mustCheck">True when a script without any check did not do its work.</param>
    internal bool Passed(bool mustCheck) => _failed == 0 && _errors == 0 && (_checks > 0 || !mustCheck);
}

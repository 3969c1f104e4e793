using System.ComponentModel;
using System.Globalization;
using System.Management.Automation;

namespace TalosTailscale;

/// <summary>Lets a report take checks that went through a job, Clixml, JSON or CSV.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TsCheckConverter : CopyConverter<TsCheck>
{
    private static readonly TsCheckConverter s_converter = new();

    /// <summary>The check of which this is a copy; null where it is none.</summary>
    internal static TsCheck? Read(PSObject copy) => s_converter.Make(copy);

    private protected override TsCheck? Make(PSObject copy) =>
        IsCopy(copy, typeof(TsCheck))
        && Text(copy, nameof(TsCheck.Node)) is { } node
        && Text(copy, nameof(TsCheck.Name)) is { } name
        && Value<TsCheckStatus>(copy, nameof(TsCheck.Status)) is { } status
            ? new TsCheck
            {
                Node = node,
                Name = name,
                Status = status,
                Evidence = Text(copy, nameof(TsCheck.Evidence)) ?? "",
                Cause = Text(copy, nameof(TsCheck.Cause)),
                Fix = Text(copy, nameof(TsCheck.Fix)),
                FailureMode = int.TryParse(
                    Text(copy, nameof(TsCheck.FailureMode)),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int mode
                )
                    ? mode
                    : null,
                NotApplicable = bool.TryParse(Text(copy, nameof(TsCheck.NotApplicable)), out bool none) && none,
                Duration = DurationOf(copy.Properties[nameof(TsCheck.Duration)]?.Value),
            }
            : null;

    // JSON writes a time span as an object of its parts.
    private static TimeSpan DurationOf(object? value) =>
        value switch
        {
            TimeSpan time => time,
            PSObject { BaseObject: TimeSpan time } => time,
            PSObject parts when parts.Properties["Ticks"]?.Value is long ticks => TimeSpan.FromTicks(ticks),
            _ => TimeSpan.TryParse(value?.ToString(), CultureInfo.InvariantCulture, out TimeSpan time) ? time : default,
        };
}

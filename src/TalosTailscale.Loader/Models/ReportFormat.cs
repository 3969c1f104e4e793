namespace TalosTailscale;

/// <summary>The form of a report.</summary>
public enum ReportFormat
{
    /// <summary>One self-contained page.</summary>
    Html,

    /// <summary>All objects as JSON.</summary>
    Json,

    /// <summary>JUnit XML, which build servers show as tests.</summary>
    JUnit,
}

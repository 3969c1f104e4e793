namespace TalosTailscale.Core.Reporting.Export;

/// <summary>Every way in which a report fails.</summary>
public static class ReportErrors
{
    /// <summary>The form is neither given nor to be seen from the file's name.</summary>
    public static readonly TsError ReportFormatUnknown = new(
        "ReportFormatUnknown",
        TsErrorCategory.InvalidArgument,
        "The extension of the report's file stands for no form of report.",
        "Name the file .html, .json or .xml, or give -As Html, Json or JUnit."
    );

    /// <summary>An object that no report shows.</summary>
    public static readonly TsError ReportInputUnknown = new(
        "ReportInputUnknown",
        TsErrorCategory.InvalidArgument,
        "An object of a kind came in that reports do not show.",
        "Pipe what Test-TsNode, Test-TsCluster, Get-TalosEsp, Invoke-UkiSwap and Install-TsNode give."
    );

    /// <summary>There is a file already, and it is not to be replaced.</summary>
    public static readonly TsError ReportExists = new(
        "ReportExists",
        TsErrorCategory.ResourceExists,
        "The report's file is there already and -NoClobber was given.",
        "Give another name, or leave -NoClobber out."
    );

    /// <summary>The operating system refused.</summary>
    public static readonly TsError ReportNotWritten = new(
        "ReportNotWritten",
        TsErrorCategory.WriteError,
        "The report could not be written.",
        "Check the folder, your rights and the space."
    );
}

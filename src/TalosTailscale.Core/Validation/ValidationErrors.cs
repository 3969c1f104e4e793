namespace TalosTailscale.Core.Validation;

/// <summary>What can be wrong with what is to be validated.</summary>
public static class ValidationErrors
{
    /// <summary>A text that is to be read as a log is none.</summary>
    public static readonly TsError NotALog = new(
        "NotALog",
        TsErrorCategory.InvalidData,
        "A text that is to be read as a log of the extension is a single word.",
        "Pipe a node's log or the node itself (Get-TsNode ampone | Get-TsDiagnosis), or name a file with -Path."
    );
}

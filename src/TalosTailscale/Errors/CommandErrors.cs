namespace TalosTailscale.Commands;

/// <summary>The errors of the cmdlets themselves; those of the work they do are with the rooms of the Core.</summary>
public static class CommandErrors
{
    /// <summary>No file at a path that was given.</summary>
    public static readonly TsError PathNotFound = new(
        "PathNotFound",
        TsErrorCategory.ObjectNotFound,
        "A path that was given names nothing.",
        "Check the spelling; for a name with brackets use -LiteralPath."
    );

    /// <summary>A path of another provider.</summary>
    public static readonly TsError PathNotFileSystem = new(
        "PathNotFileSystem",
        TsErrorCategory.InvalidArgument,
        "A path that was given is not on the file system.",
        "Give a path of the file system, for example ./image.iso."
    );

    /// <summary>The operating system refused to read or write a file.</summary>
    public static readonly TsError FileAccessFailed = new(
        "FileAccessFailed",
        TsErrorCategory.ResourceUnavailable,
        "The operating system refused to read or write a file.",
        "Check that the file is there, that you may use it, and that the disk has space."
    );

    /// <summary>A time-out that no room explained.</summary>
    public static readonly TsError Timeout = new(
        "OperationTimedOut",
        TsErrorCategory.OperationTimeout,
        "Something took longer than it was given.",
        "Try again; if it happens again, look at the node or raise the time-out."
    );

    /// <summary>Something was given for a node that is not among those to work on.</summary>
    public static readonly TsError InputUnused = new(
        "InputUnused",
        TsErrorCategory.InvalidArgument,
        "Something was given for a node that is not among those to work on.",
        "Leave out -Node, so that what is piped in names the nodes, or render one for the node that is meant."
    );

    /// <summary>A node failed, and those after it were not begun.</summary>
    public static readonly TsError NodesNotBegun = new(
        "NodesNotBegun",
        TsErrorCategory.InvalidOperation,
        "A node failed, so the nodes after it were left as they are.",
        "See the error of the node that failed; then run the same command for the nodes that were not begun. -ContinueOnError goes on after failures."
    );

    /// <summary>A node was given two images, or two backups.</summary>
    public static readonly TsError InputAmbiguous = new(
        "InputAmbiguous",
        TsErrorCategory.InvalidArgument,
        "A node was given more than one image or backup.",
        "Give each node one; 'Where-Object Node -eq NAME' takes the objects of one node out of a pipeline."
    );

    /// <summary>A question, and nobody there to answer it.</summary>
    public static readonly TsError QuestionNotAsked = new(
        "QuestionNotAsked",
        TsErrorCategory.InvalidOperation,
        "A question has to be answered, and this host cannot ask it (pwsh -NonInteractive, a job, a pipeline of CI).",
        "Answer it beforehand, with -Confirm:$false or -Force, or run the command at a prompt."
    );

    /// <summary>A failure that nobody expected: a defect of the module.</summary>
    public static readonly TsError Unexpected = new(
        "UnexpectedFailure",
        TsErrorCategory.InvalidOperation,
        "Something failed in a way the module does not know.",
        "This is a defect: report it with the output of 'Get-Error'. Nothing further was attempted."
    );
}

namespace TalosTailscale;

/// <summary>What kind of failure an error is; the names are those of PowerShell's <c>ErrorCategory</c>.</summary>
public enum TsErrorCategory
{
    /// <summary>A value that the user gave is not acceptable.</summary>
    InvalidArgument,

    /// <summary>Data (a file, an answer) is not what its format says.</summary>
    InvalidData,

    /// <summary>The thing is not in a state in which this can be done.</summary>
    InvalidOperation,

    /// <summary>What was named does not exist.</summary>
    ObjectNotFound,

    /// <summary>It is there already.</summary>
    ResourceExists,

    /// <summary>Somebody else holds it.</summary>
    ResourceBusy,

    /// <summary>A needed resource (space, a file, a service) is not to be had.</summary>
    ResourceUnavailable,

    /// <summary>No connection, or a connection that broke.</summary>
    ConnectionError,

    /// <summary>The peer does not believe who we are, or we do not believe it.</summary>
    AuthenticationError,

    /// <summary>The role or the rights do not suffice.</summary>
    PermissionDenied,

    /// <summary>A gate or a verification refused.</summary>
    SecurityError,

    /// <summary>No answer in time.</summary>
    OperationTimeout,

    /// <summary>The peer, or this build, does not have the function.</summary>
    NotImplemented,

    /// <summary>A text could not be parsed.</summary>
    ParserError,

    /// <summary>Reading failed.</summary>
    ReadError,

    /// <summary>Writing failed.</summary>
    WriteError,

    /// <summary>The other side did something that its protocol does not allow.</summary>
    ProtocolError,
}

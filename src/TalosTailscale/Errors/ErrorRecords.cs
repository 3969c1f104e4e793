using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <summary>The one place where error records are made: id, category, target and recommended action on every one.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception exception, object? target)
    {
        TsException expected = AsShown(Expected(exception, target));
        var category = Enum.Parse<ErrorCategory>(expected.Error.Category.ToString());
        object? about = expected.Target ?? target;
        return new ErrorRecord(expected, expected.ErrorId, category, about is null ? null : ShownText.Of(about))
        {
            ErrorDetails = new ErrorDetails(expected.Message) { RecommendedAction = expected.RecommendedAction },
        };
    }

    private static TsException Expected(Exception exception, object? target) =>
        exception switch
        {
            TsException known => known,
            AggregateException { InnerExceptions: [TsException only] } => only,
            IOException or UnauthorizedAccessException => CommandErrors.FileAccessFailed.New(
                exception.Message,
                target,
                exception
            ),
            TimeoutException or OperationCanceledException => CommandErrors.Timeout.New(
                "The operation did not finish in the time it was given.",
                target,
                exception
            ),
            _ => CommandErrors.Unexpected.New(
                $"Unexpected {exception.GetType().Name}: {exception.Message}",
                target,
                exception
            ),
        };

    // Messages may carry text of a server or of a file; inner exceptions are shown by Get-Error.
    private static TsException AsShown(TsException exception)
    {
        string message = ShownText.Of(exception.Message);
        string advice = ShownText.Of(exception.RecommendedAction);
        string? inner = exception.InnerException?.ToString();
        bool innerIsClean = inner is null || ShownText.Of(inner) == inner;
        if (message == exception.Message && advice == exception.RecommendedAction && innerIsClean)
            return exception;
        return exception.Error.New(message, exception.Target, innerIsClean ? exception.InnerException : null, advice);
    }
}

using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <content>Why a pull takes so long.</content>
public sealed partial class TalosNodeClient
{
    // Talos tries again for 20 minutes within the call and only its log says why: internal/pkg/containers/image/image.go
    // with go-retry, 1.9 to 1.13, and for installers later too.
    private const string PullLog = "machined";
    private const string Retrying = "retrying error: ";
    private static readonly TimeSpan s_listening = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Makes a call in which the node pulls an image, and reads in the node's log meanwhile why it does not get it. The
    /// reason is told as soon as it is there. What cannot change by waiting ends the call; anything else does so once
    /// it has lasted for <see cref="TalosClientOptions.PullPatience"/>.
    /// </summary>
    /// <param name="reference">The image.</param>
    /// <param name="waits">False to end the call only for what cannot change, as a change of the node demands.</param>
    /// <param name="reporter">Told the reason.</param>
    /// <param name="call">The call; its token is cancelled to end it.</param>
    /// <param name="cancellation">Cancels it.</param>
    private async Task<T> WatchedPullAsync<T>(
        string reference,
        bool waits,
        IReporter? reporter,
        Func<CancellationToken, Task<T>> call,
        CancellationToken cancellation
    )
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var listen = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string? reason = null;
        Task watching = WatchAsync();
        await Task.WhenAny(listening.Task, Task.Delay(s_listening, Client.Options.Clock, cancellation))
            .ConfigureAwait(false);
        try
        {
            return await call(end.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (reason is not null && e is TsException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw PullFailed(reference, reason, e);
        }
        finally
        {
            await listen.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }

        async Task WatchAsync()
        {
            try
            {
                // The last old line comes at once and says that what follows is new.
                bool old = true;
                await foreach (string line in LogsAsync(PullLog, 1, follow: true, listen.Token).ConfigureAwait(false))
                {
                    if (!(old && !listening.Task.IsCompleted) && ReasonIn(line, reference) is { } text)
                        Heard(text);
                    old = false;
                    listening.TrySetResult();
                }
            }
            catch (Exception e) when (e is TsException or OperationCanceledException)
            {
                // A log that cannot be read leaves the call's own error.
                listening.TrySetResult();
            }
        }

        void Heard(string text)
        {
            bool first = reason is null;
            reason = text;
            if (ImagePullReasons.IsFinal(ImagePullReasons.Of(text)))
                end.Cancel();
            else if (first && waits)
                end.CancelAfter(Client.Options.PullPatience);
            if (first)
                reporter?.Warning($"'{Node}' cannot pull '{reference}' and tries again: {text}");
        }
    }

    /// <summary>Why a pull of the image failed, where a line of the log says it.</summary>
    internal static string? ReasonIn(string line, string reference)
    {
        int at = line.IndexOf(Retrying, StringComparison.Ordinal);
        if (at < 0)
            return null;
        string text = line[(at + Retrying.Length)..].TrimEnd();
        return
            text.Contains(ImageReference.Normalize(reference), StringComparison.Ordinal)
            || text.Contains(reference, StringComparison.Ordinal)
            ? text
            : null;
    }

    private TsException PullFailed(string reference, string reason, Exception inner) =>
        TalosErrors.TalosImagePullFailed.New(
            $"'{Node}' cannot pull '{reference}': {reason}",
            Node,
            inner,
            ImagePullReasons.Advice(ImagePullReasons.Of(reason))
        );
}

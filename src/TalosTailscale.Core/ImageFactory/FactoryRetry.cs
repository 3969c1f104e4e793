using System.Globalization;
using System.Net.Sockets;
using Polly;
using Polly.Retry;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Tries again what may pass: server errors, broken connections, time-outs. Pauses double, with jitter.</summary>
internal sealed class FactoryRetry(ImageFactoryOptions options, IReporter reporter)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    /// <summary>Runs an attempt until it succeeds, fails for good, or the attempts are used up.</summary>
    /// <param name="uri">What is asked, for messages.</param>
    /// <param name="attempt">One attempt; its token is that of the caller.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<T> RunAsync<T>(
        Uri uri,
        Func<CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await Pipeline(uri)
                .ExecuteAsync(
                    async token => await OnceAsync(uri, attempt, token).ConfigureAwait(false),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (FactoryTransientException e)
        {
            throw e.Error.New($"{e.Message}; {options.Retries + 1} attempts were made.", uri, e.InnerException ?? e);
        }
    }

    // What a broken transfer throws depends on where it broke; here it becomes one exception.
    private static async Task<T> OnceAsync<T>(
        Uri uri,
        Func<CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await attempt(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FactoryTransientException(
                $"'{uri}' did not answer within the time allowed",
                null,
                ImageFactoryErrors.FactoryTimeout,
                e
            );
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw ImageFactoryErrors.FactoryUnreachable.New(
                $"'{uri.Authority}' could not be trusted: {e.InnerException?.Message ?? e.Message}",
                uri,
                e
            );
        }
        catch (HttpRequestException e)
            when (e.InnerException is SocketException { SocketErrorCode: SocketError.HostNotFound })
        {
            // A name that is known to nobody will be in a minute neither; a resolver that is away says TryAgain.
            throw ImageFactoryErrors.FactoryUnreachable.New(
                $"'{uri}' could not be reached: {e.Message.TrimEnd('.')}.",
                uri,
                e
            );
        }
        catch (Exception e)
            when (e is HttpRequestException or HttpIOException or IOException { InnerException: SocketException })
        {
            string what = e is HttpRequestException ? "reached" : "read to its end";
            throw new FactoryTransientException(
                $"'{uri}' could not be {what}: {e.Message.TrimEnd('.')}",
                null,
                ImageFactoryErrors.FactoryUnreachable,
                e
            );
        }
    }

    private ResiliencePipeline Pipeline(Uri uri) =>
        new ResiliencePipelineBuilder()
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = new PredicateBuilder().Handle<FactoryTransientException>(),
                    MaxRetryAttempts = options.Retries,
                    Delay = options.RetryDelay,
                    MaxDelay = s_longest,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    DelayGenerator = e =>
                        ValueTask.FromResult(
                            (e.Outcome.Exception as FactoryTransientException)?.RetryAfter is { } asked
                                ? (TimeSpan?)Min(asked, s_longest)
                                : null
                        ),
                    OnRetry = e =>
                    {
                        // A warning: until it passes, nothing else would say why the command waits.
                        reporter.Warning(
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{e.Outcome.Exception?.Message}; attempt {e.AttemptNumber + 2} of {options.Retries + 1} in {e.RetryDelay.TotalSeconds:0.#} s."
                            )
                        );
                        return ValueTask.CompletedTask;
                    },
                }
            )
            .Build();

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

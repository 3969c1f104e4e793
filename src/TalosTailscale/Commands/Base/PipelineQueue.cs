using System.Collections.Concurrent;
using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <summary>
/// Carries calls from asynchronous work to the pipeline thread, the only thread that may call the engine. An awaited
/// call completes when the engine has taken it, which is the back-pressure; a stopped pipeline fails all later calls.
/// </summary>
internal sealed class PipelineQueue : IDisposable
{
    // Bounded, so that a flood of verbose lines waits for the host instead of filling memory.
    private readonly BlockingCollection<Action<Exception?>> _calls = new(boundedCapacity: 256);

    /// <summary>Runs a call on the pipeline thread and gives back its result.</summary>
    /// <param name="call">The call.</param>
    /// <param name="endsPipeline">
    /// True when whatever the call throws is the engine's word that the pipeline ends (<c>-ErrorAction Stop</c>, a
    /// later command that failed); false when it is the caller's to handle.
    /// </param>
    public Task<T> InvokeAsync<T>(Func<T> call, bool endsPipeline)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool queued = TryAdd(stopped =>
        {
            if (stopped is not null)
            {
                completion.SetException(stopped);
                return;
            }

            try
            {
                completion.SetResult(call());
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
                if (endsPipeline || exception is PipelineStoppedException)
                    throw;
            }
        });
        if (!queued)
            completion.SetCanceled();
        return completion.Task;
    }

    /// <summary>Queues a call whose result nobody waits for; dropped when the pipeline is gone.</summary>
    public void Post(Action call) =>
        TryAdd(stopped =>
        {
            if (stopped is null)
                call();
        });

    /// <summary>No more calls come: <see cref="Drain"/> returns once the queue is empty.</summary>
    public void Complete() => _calls.CompleteAdding();

    /// <summary>Runs the calls on this thread until <see cref="Complete"/>.</summary>
    /// <param name="stopping">Called once when the engine throws: the work should end.</param>
    /// <returns>What the engine threw (a stopped pipeline, <c>-ErrorAction Stop</c>), to be rethrown; or null.</returns>
    public Exception? Drain(Action stopping)
    {
        Exception? thrown = null;
        foreach (Action<Exception?> call in _calls.GetConsumingEnumerable())
        {
            try
            {
                call(thrown);
            }
            catch (Exception exception) when (thrown is null)
            {
                thrown = exception;
                stopping();
            }
        }

        return thrown;
    }

    public void Dispose() => _calls.Dispose();

    private bool TryAdd(Action<Exception?> call)
    {
        try
        {
            _calls.Add(call);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Completed: work that outlived its cmdlet has nobody to tell.
            return false;
        }
    }
}

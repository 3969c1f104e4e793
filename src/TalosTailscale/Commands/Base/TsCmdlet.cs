using System.Collections.Concurrent;
using System.ComponentModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Runtime.ExceptionServices;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Base of all cmdlets: work runs as a task and is cancelled by Ctrl+C, every call to the engine is made by the pipeline
/// thread, every text passes the redactor and <see cref="ShownText"/>, every error comes from the one factory.
/// </summary>
/// <remarks>
/// A <see cref="TsException"/> that leaves <see cref="BeginAsync"/> ends the pipeline: nothing that follows could
/// succeed. One that leaves <see cref="ProcessAsync"/> or <see cref="EndAsync"/> is an error record, and the next
/// input goes on.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TsCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PipelineReporter _reporter;
    private readonly ConcurrentDictionary<string, bool> _agreed = new(StringComparer.Ordinal);
    private PipelineQueue? _queue;

    /// <summary>Prepares the way to the pipeline.</summary>
    protected TsCmdlet() => _reporter = new PipelineReporter(this);

    /// <summary>Where the Core tells what it does: verbose lines, warnings, progress. Heard while the cmdlet works.</summary>
    protected IReporter Reporter => _reporter;

    /// <summary>True under <c>-WhatIf</c>, by switch or by preference.</summary>
    protected bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? bound)
            ? bound is SwitchParameter { IsPresent: true }
            : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>Runs once before the first input. What throws here ends the pipeline.</summary>
    /// <param name="cancellationToken">Cancelled by Ctrl+C and when the pipeline ends early.</param>
    /// <returns>The work.</returns>
    protected virtual Task BeginAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs for each input object. A <see cref="TsException"/> becomes a non-terminating error.</summary>
    /// <param name="cancellationToken">Cancelled by Ctrl+C and when the pipeline ends early.</param>
    /// <returns>The work.</returns>
    protected virtual Task ProcessAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs once after the last input, unless the pipeline was stopped.</summary>
    /// <param name="cancellationToken">Cancelled by Ctrl+C and when the pipeline ends early.</param>
    /// <returns>The work.</returns>
    protected virtual Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Run(BeginAsync, terminating: true);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Run(ProcessAsync, terminating: false);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Run(EndAsync, terminating: false);

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Writes an object; completes when the pipeline has taken it.</summary>
    /// <param name="value">The object; null is written as nothing.</param>
    /// <param name="enumerate">True to write the elements of a collection.</param>
    /// <returns>The work.</returns>
    protected Task WriteObjectAsync(object? value, bool enumerate = false) =>
        value is null ? Task.CompletedTask : WriteAsync(() => WriteObject(ShownText.Of(value), enumerate));

    /// <summary>Writes a text to the letter, for a file: nothing in it is made visible.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The work.</returns>
    private protected Task WriteRawAsync(string text) => WriteAsync(() => WriteObject(text));

    /// <summary>Writes a non-terminating error; completes when the pipeline has taken it.</summary>
    /// <param name="exception">What happened. Any exception: expected ones are <see cref="TsException"/>.</param>
    /// <param name="target">The thing that the user named, where the exception does not know it.</param>
    /// <returns>The work.</returns>
    protected Task WriteErrorAsync(Exception exception, object? target = null)
    {
        ErrorRecord record = ErrorRecords.From(exception, target);
        return WriteAsync(() => WriteError(record));
    }

    /// <summary>Asks whether to go on (<c>-WhatIf</c>, <c>-Confirm</c>).</summary>
    /// <param name="target">What changes: <c>node (address)</c>, a path.</param>
    /// <param name="action">What is done to it, as an imperative.</param>
    /// <returns>True to go on.</returns>
    protected Task<bool> ShouldProcessAsync(string target, string action)
    {
        string safeTarget = ShownText.Of(target),
            safeAction = ShownText.Of(action);
        return AskAsync(
            () => ShouldProcess(safeTarget, safeAction),
            $"{safeAction}: {safeTarget}",
            "Use -Confirm:$false to go on without the question, or run the command at a prompt."
        );
    }

    /// <summary>Asks the extra question after <see cref="ShouldProcessAsync"/>; a <c>-Force</c> switch should skip it.</summary>
    /// <param name="query">The question.</param>
    /// <param name="caption">Its title.</param>
    /// <returns>True to go on.</returns>
    protected Task<bool> ShouldContinueAsync(string query, string caption)
    {
        string safeQuery = ShownText.Of(query),
            safeCaption = ShownText.Of(caption);
        return AskAsync(
            () => ShouldContinue(safeQuery, safeCaption),
            safeQuery,
            "Use -Force to answer it with yes, or run the command at a prompt."
        );
    }

    /// <summary>
    /// Asks, once for each node and after <see cref="ShouldProcessAsync"/>, before the cluster's only voting member of etcd
    /// restarts.
    /// </summary>
    /// <param name="etcd">What etcd says of the restart.</param>
    /// <param name="node">The node.</param>
    /// <param name="force">Whether <c>-Force</c> answers it with yes.</param>
    /// <returns>True to go on; always where the node is not the only one.</returns>
    private protected async Task<bool> AgreesToRestartAsync(EtcdRestart etcd, string node, bool force)
    {
        if (etcd != EtcdRestart.OnlyMember || force || _agreed.ContainsKey(node))
            return true;
        return await ShouldContinueAsync(EtcdQuorum.OnlyMemberQuestion(node), "Restart the only control plane")
            && _agreed.TryAdd(node, true);
    }

    /// <summary>Runs a call that needs the engine (session state, scripts) on the pipeline thread.</summary>
    /// <typeparam name="T">What the call gives back.</typeparam>
    /// <param name="call">The call.</param>
    /// <returns>Its result.</returns>
    protected Task<T> OnPipelineAsync<T>(Func<T> call) => Queue.InvokeAsync(call, endsPipeline: false);

    /// <summary>The file system paths that a <c>-Path</c> (with wildcards) or <c>-LiteralPath</c> names.</summary>
    /// <param name="path">As the user typed it.</param>
    /// <param name="literal">True when wildcards are ordinary characters.</param>
    /// <returns>Absolute paths that exist.</returns>
    /// <exception cref="TsException"><c>PathNotFound</c>, <c>PathNotFileSystem</c>.</exception>
    protected Task<IReadOnlyList<string>> ResolvePathsAsync(string path, bool literal) =>
        OnPipelineAsync(() => FileSystemPaths.Existing(SessionState, path, literal));

    /// <summary>The absolute file system path of a file that need not exist yet.</summary>
    /// <param name="path">As the user typed it.</param>
    /// <returns>An absolute path.</returns>
    /// <exception cref="TsException"><c>PathNotFileSystem</c>.</exception>
    protected Task<string> ResolveNewPathAsync(string path) =>
        OnPipelineAsync(() => FileSystemPaths.Unresolved(SessionState, path));

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the cmdlet owns; called by the engine also after a stop.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
    }

    private PipelineQueue Queue =>
        _queue ?? throw new InvalidOperationException("The pipeline is reached only while the cmdlet works.");

    // A host that cannot ask throws, each in its own way; what a user then needs to know is how to answer beforehand.
    private async Task<bool> AskAsync(Func<bool> ask, string question, string advice)
    {
        (bool answer, Exception? silent) = await Queue.InvokeAsync<(bool, Exception?)>(
            () =>
            {
                try
                {
                    return (ask(), null);
                }
                catch (Exception e) when (e is HostException or InvalidOperationException or NotImplementedException)
                {
                    return (false, e);
                }
            },
            endsPipeline: true
        );
        return silent is null
            ? answer
            : throw CommandErrors.QuestionNotAsked.New(
                $"This host cannot ask: {question}",
                inner: silent,
                recommendedAction: advice
            );
    }

    private Task WriteAsync(Action call) =>
        Queue.InvokeAsync(
            () =>
            {
                call();
                return true;
            },
            endsPipeline: true
        );

    private void Run(Func<CancellationToken, Task> work, bool terminating)
    {
        using var queue = new PipelineQueue();
        _queue = queue;
        _reporter.Open(queue);
        Task task = Task.Run(async () =>
        {
            try
            {
                await work(_stop.Token).ConfigureAwait(false);
            }
            finally
            {
                _reporter.Close();
                queue.Complete();
            }
        });

        Exception? thrown = queue.Drain(_stop.Cancel);
        Exception? failure = Outcome(task);
        _queue = null;

        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
        if (failure is null)
            return;
        if (failure is PipelineStoppedException)
            ExceptionDispatchInfo.Throw(failure);
        if (_stop.IsCancellationRequested && failure is OperationCanceledException)
            throw new PipelineStoppedException();
        ErrorRecord record = ErrorRecords.From(failure, target: null);
        if (terminating)
            ThrowTerminatingError(record);
        WriteError(record);
    }

    // The queue is complete only after the work has ended, so this never waits for long.
    private static Exception? Outcome(Task task)
    {
        try
        {
            task.GetAwaiter().GetResult();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Waits for a node by looking again and again, on new connections where the old ones broke. An event stream is never
/// trusted: it can stay silent after a healthy return (siderolabs/talos#14242).
/// </summary>
public sealed class TalosNodeWait
{
    private const string Activity = "Waiting for node";

    private readonly TalosNodeClient _node;
    private readonly TalosBootMark? _before;
    private readonly TalosWaitOptions _options;
    private readonly IReporter _reporter;
    private readonly long _started = Stopwatch.GetTimestamp();
    private string _last = "nothing yet";

    private TalosNodeWait(TalosNodeClient node, TalosBootMark? before, TalosWaitOptions options, IReporter reporter)
    {
        _node = node.With(options.CallTimeout);
        _before = before;
        _options = options;
        _reporter = reporter;
    }

    /// <summary>Waits until the node runs, is ready and, if <paramref name="before"/> is given, has restarted.</summary>
    /// <param name="node">The node.</param>
    /// <param name="before">The boot before the restart; null to wait for readiness only.</param>
    /// <param name="options">Times; null for the usual ones.</param>
    /// <param name="reporter">Told the phases.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>How the node came back.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.TalosWaitTimeout"/>, <see cref="TalosErrors.TalosNodeMoved"/>, or an error that waiting does not
    /// cure (a certificate, a role).
    /// </exception>
    public static async Task<TalosWaitResult> ForReadyAsync(
        TalosNodeClient node,
        TalosBootMark? before = null,
        TalosWaitOptions? options = null,
        IReporter? reporter = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        var wait = new TalosNodeWait(
            node,
            before,
            options ?? new TalosWaitOptions(),
            reporter ?? SilentReporter.Instance
        );
        try
        {
            return await wait.RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            wait._reporter.Progress(new ProgressStep(Activity, node.Node, "done", Completed: true));
        }
    }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    private async Task<TalosWaitResult> RunAsync(CancellationToken cancellation)
    {
        // The first looks follow each other faster: a virtual machine is back in seconds, a server board in minutes.
        TimeSpan pause = TimeSpan.FromMilliseconds(500);
        while (true)
        {
            TalosWaitResult? result = await LookAsync(cancellation).ConfigureAwait(false);
            if (result is not null)
                return result;
            if (Elapsed >= _options.Timeout)
                throw TimedOut();
            if (pause > _options.Interval)
                pause = _options.Interval;
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
            pause *= 1.5;
        }
    }

    private async Task<TalosWaitResult?> LookAsync(CancellationToken cancellation)
    {
        try
        {
            TalosBootMark now = await TalosBootMark.LookAsync(_node, cancellation).ConfigureAwait(false);
            bool? restarted = _before?.IsOtherBoot(now);
            TalosMachineStatus status = await _node.MachineStatusAsync(cancellation).ConfigureAwait(false);
            string unmet = status.UnmetConditions.Count == 0 ? "" : $" ({string.Join("; ", status.UnmetConditions)})";
            if (restarted == false)
            {
                Tell($"still in the boot before the restart, stage {status.Stage}");
                return null;
            }

            Tell(status.Ready ? $"stage {status.Stage}, ready" : $"stage {status.Stage}, not ready{unmet}");
            return status.Stage == "running" && status.Ready ? Result(status, now, restarted) : null;
        }
        catch (TsException e) when (IsPassing(e))
        {
            Tell($"not reachable: {e.Message}");
            await LookElsewhereAsync(cancellation).ConfigureAwait(false);
            return null;
        }
    }

    private TalosWaitResult Result(TalosMachineStatus status, TalosBootMark now, bool? restarted)
    {
        if (_before?.NodeId is { } id && now.NodeId is { } other && id != other)
        {
            throw TalosErrors.TalosNodeMoved.New(
                $"At the address of '{_node.Node}' another machine answers: '{now.Hostname}' with the identity '{other}'; expected '{id}'.",
                _node.Node
            );
        }

        bool renamed = _before?.Hostname is { } name && now.Hostname is { } hostname && name != hostname;
        if (renamed)
        {
            _reporter.Warning(
                $"'{_node.Node}' came back under another name: '{now.Hostname}' instead of '{_before!.Hostname}'. "
                    + "Update-TalosNodeAddress finds what still has the old one."
            );
        }

        return new TalosWaitResult
        {
            Node = _node.Node,
            Stage = status.Stage,
            Restarted = restarted,
            BootTime = now.BootTime,
            Hostname = now.Hostname,
            PreviousHostname = renamed ? _before!.Hostname : null,
            Duration = Elapsed,
        };
    }

    /// <summary>
    /// A node that does not answer at the address by which its cluster knew it may have come back at another: the cluster
    /// knows that, too.
    /// </summary>
    private async Task LookElsewhereAsync(CancellationToken cancellation)
    {
        if (_before is not { NodeId: { } id, MemberAddress: { } address })
            return;
        TalosNodeClient endpoint = _node.Client.Node(null).With(_options.CallTimeout);
        TalosMember? member;
        try
        {
            member = (await endpoint.MembersAsync(cancellation).ConfigureAwait(false)).FirstOrDefault(m =>
                m.NodeId == id
            );
        }
        catch (TsException e)
        {
            _reporter.Verbose($"{_node.Node}: the cluster cannot be asked either: {e.Message}");
            return;
        }

        if (
            member is null
            || member.Addresses.Count == 0
            || member.Addresses.Any(own => NodeAddress.Same(own, address))
        )
            return;
        throw TalosErrors.TalosNodeMoved.New(
            $"'{_node.Node}' is no longer at '{address}': the cluster knows it as '{member.Hostname}' at "
                + $"'{string.Join("', '", member.Addresses)}'.",
            _node.Node
        );
    }

    private void Tell(string phase)
    {
        _reporter.Progress(
            new ProgressStep(
                Activity,
                _node.Node,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{phase} ({Elapsed.TotalSeconds:0} s of at most {_options.Timeout.TotalSeconds:0} s)"
                )
            )
        );
        if (phase == _last)
            return;
        _last = phase;
        _reporter.Verbose(
            string.Create(CultureInfo.InvariantCulture, $"{_node.Node}: {phase} after {Elapsed.TotalSeconds:0} s.")
        );
    }

    private TsException TimedOut() =>
        TalosErrors.TalosWaitTimeout.New(
            string.Create(
                CultureInfo.InvariantCulture,
                $"'{_node.Node}' was not running and ready after {Elapsed.TotalMinutes:0.#} min; last seen: {_last}."
            ),
            _node.Node
        );

    // What a node goes through while it restarts; anything else will not get better by waiting.
    private static bool IsPassing(TsException e) =>
        e.Error == TalosErrors.TalosConnectionRefused
        || e.Error == TalosErrors.TalosConnectionFailed
        || e.Error == TalosErrors.TalosConnectionLost
        || e.Error == TalosErrors.TalosNodeUnavailable
        || e.Error == TalosErrors.TalosTimeout
        || e.Error == TalosErrors.TalosTlsFailed
        || e.Error == TalosErrors.TalosNotFound
        || e.Error == TalosErrors.TalosCallFailed
        || e.Error == TalosErrors.TalosUnimplemented
        || e.Error == TalosErrors.TalosResourceTypeUnknown
        || e.Error == TalosErrors.TalosBusy
        || e.Error == TalosErrors.TalosProtocolViolation
        || e.Error == TalosErrors.TalosEndpointNotResolved;
}

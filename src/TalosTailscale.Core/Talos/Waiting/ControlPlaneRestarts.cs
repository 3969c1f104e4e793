using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// The control planes that a command restarts, one after the other: a member that was just told to restart still answers,
/// so that each of three would find the other two healthy. The next one waits until those before it are back.
/// </summary>
/// <param name="options">How long the next one waits.</param>
/// <param name="otherwise">What a refusal advises beside bringing the others back to health.</param>
/// <param name="reporter">Told of the waiting.</param>
public sealed class ControlPlaneRestarts(TalosWaitOptions options, string otherwise, IReporter reporter) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly List<(TalosNodeClient Node, TalosBootMark Before)> _away = [];

    /// <summary>Restarts a node; a control plane only when those before it are back and etcd can do without it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="force">Whether etcd is not asked, nor waited for.</param>
    /// <param name="agrees">
    /// Asks the operator, more where the node is <see cref="EtcdRestart.OnlyMember"/>, and does what else takes time; false
    /// leaves the node alone. Called again when etcd says something else after it than before.
    /// </param>
    /// <param name="restart">Restarts, at once; gives the boot that ends.</param>
    /// <param name="cancellation">Cancels the waiting.</param>
    /// <returns>The boot that ends; null where the node was left alone.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.EtcdQuorumAtRisk"/>, or one before it did not come back: <see cref="TalosErrors.TalosWaitTimeout"/>.
    /// </exception>
    public async Task<TalosBootMark?> RestartAsync(
        TalosNodeClient node,
        bool force,
        Func<EtcdRestart, Task<bool>> agrees,
        Func<Task<TalosBootMark>> restart,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(agrees);
        ArgumentNullException.ThrowIfNull(restart);
        if (force || await node.MachineTypeAsync(cancellation).ConfigureAwait(false) != TalosMachineType.ControlPlane)
            return await agrees(EtcdRestart.Allowed).ConfigureAwait(false)
                ? await restart().ConfigureAwait(false)
                : null;
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await AllBackAsync(node, cancellation).ConfigureAwait(false);
            if (!await AgreedAsync(node, agrees, cancellation).ConfigureAwait(false))
                return null;
            TalosBootMark mark = await restart().ConfigureAwait(false);
            _away.Add((node, mark));
            return mark;
        }
        finally
        {
            _one.Release();
        }
    }

    // A question may stand for hours: what counts is how etcd is after the answer.
    private async Task<bool> AgreedAsync(
        TalosNodeClient node,
        Func<EtcdRestart, Task<bool>> agrees,
        CancellationToken cancellation
    )
    {
        EtcdRestart? agreed = null;
        while (true)
        {
            EtcdRestart now = await EtcdQuorum
                .CheckRestartAsync(node, otherwise, reporter, cancellation)
                .ConfigureAwait(false);
            if (now == agreed)
                return true;
            if (!await agrees(now).ConfigureAwait(false))
                return false;
            agreed = now;
        }
    }

    /// <summary>Waits for the control planes before, so that what is read of the cluster then is read of all of it.</summary>
    /// <param name="node">The node whose turn it is.</param>
    /// <param name="cancellation">Cancels the waiting.</param>
    /// <returns>When all are back.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosWaitTimeout"/>.</exception>
    public async Task WaitAsync(TalosNodeClient node, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await AllBackAsync(node, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task AllBackAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        foreach ((TalosNodeClient earlier, TalosBootMark before) in _away)
        {
            reporter.Verbose($"{node.Node}: waits until '{earlier.Node}' is back.");
            await TalosNodeWait.ForReadyAsync(earlier, before, options, reporter, cancellation).ConfigureAwait(false);
        }

        _away.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();
}

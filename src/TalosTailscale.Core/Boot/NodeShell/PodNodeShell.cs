using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>A node shell in a privileged pod.</summary>
public sealed class PodNodeShell : INodeShell
{
    /// <summary>
    /// Has sh, mount and dd; its coreutils 9.7 exchange two names and take hashes by the processor's own instructions, which
    /// those of Debian 12 do not: a UKI of 100 MB in 0.1 s and not 0.9 s, several times in a swap.
    /// </summary>
    public const string DefaultImage = "docker.io/library/debian:13-slim";

    private const string Prefix = "pod/";

    private readonly KubernetesConnection _connection;
    private readonly IReporter _reporter;
    private readonly ShellProof _proof;
    private HelperPod _pod;
    private bool _forWriting;

    private PodNodeShell(ShellProof proof, KubernetesConnection connection, HelperPod pod, IReporter reporter)
    {
        _proof = proof;
        _connection = connection;
        _pod = pod;
        _reporter = reporter;
    }

    /// <inheritdoc/>
    public string Node => _pod.Spec.NodeName;

    /// <inheritdoc/>
    public string Holder => Prefix + _pod;

    /// <inheritdoc/>
    public TimeSpan Lifetime => _pod.Spec.Lifetime;

    /// <inheritdoc/>
    public bool KeepsFiles => true;

    /// <summary>Makes the pod, waits until it is ready, and makes sure that it is where it is thought to be.</summary>
    /// <param name="node">The node's Talos API.</param>
    /// <param name="connection">The cluster; stays the caller's.</param>
    /// <param name="spec">Node and image.</param>
    /// <param name="reporter">Told of each step.</param>
    /// <param name="cancellationToken">Cancels; nothing is left then.</param>
    /// <returns>The shell, to be disposed of by the caller.</returns>
    /// <exception cref="TsException">ShellOnAnotherMachine, ShellMachineUnknown, or what keeps the pod from being ready.</exception>
    public static Task<PodNodeShell> OpenAsync(
        TalosNodeClient node,
        KubernetesConnection connection,
        HelperPodSpec spec,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(spec);
        var machine = new ShellMachine(node, connection, spec.NodeName);
        return OpenAsync(machine.RequireAsync, connection, spec, reporter, cancellationToken);
    }

    internal static async Task<PodNodeShell> OpenAsync(
        ShellProof proof,
        KubernetesConnection connection,
        HelperPodSpec spec,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        HelperPod pod = await HelperPod
            .CreateAsync(connection, spec, reporter, cancellationToken)
            .ConfigureAwait(false);
        var shell = new PodNodeShell(proof, connection, pod, reporter);
        try
        {
            await shell.RequireMachineAsync(forWriting: false, cancellationToken).ConfigureAwait(false);
            return shell;
        }
        catch
        {
            await shell.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task RequireMachineAsync(bool forWriting, CancellationToken cancellationToken)
    {
        _forWriting |= forWriting;
        return _proof(this, _forWriting, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<int> RunAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    ) => _pod.ExecAsync(command, stdin, stdout, stderr, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> IsGoneAsync(string holder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(holder);
        string[] parts = holder.Split('/');
        if (parts.Length != 3 || parts[0] + "/" != Prefix || parts[1].Length == 0 || parts[2].Length == 0)
            return NodeShellHolder.IsGone(holder);
        return !await HelperPod.ExistsAsync(_connection, parts[1], parts[2], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task CloseAsync(CancellationToken cancellationToken) => _pod.DeleteAsync(cancellationToken);

    /// <inheritdoc/>
    public bool IsTransient(TsException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Error == KubernetesErrors.ExecConnectionLost
            || exception.Error == KubernetesErrors.KubernetesUnreachable
            || exception.Error == KubernetesErrors.KubernetesTimeout;
    }

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(TsException exception, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (
            exception.Error != KubernetesErrors.PodEvicted
            && exception.Error != KubernetesErrors.PodFailed
            && exception.Error != KubernetesErrors.PodVanished
        )
            return false;
        _reporter.Verbose($"{Node}: pod '{_pod}' is gone ({exception.ErrorId}); another one takes its place.");
        await _pod.DisposeAsync().ConfigureAwait(false);
        _pod = await HelperPod.CreateAsync(_connection, _pod.Spec, _reporter, cancellationToken).ConfigureAwait(false);
        await _proof(this, _forWriting, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _pod.DisposeAsync();
}

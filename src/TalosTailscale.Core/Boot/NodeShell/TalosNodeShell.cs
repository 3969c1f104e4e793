using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>
/// A node shell without Kubernetes: each command is a container of its own that Talos runs, and nothing is left when it
/// ends (siderolabs/talos, internal/app/debug). Talos 1.13 and later, as administrator.
/// </summary>
public sealed class TalosNodeShell : INodeShell
{
    private readonly TalosNodeClient _node;
    private readonly string _image;

    private TalosNodeShell(TalosNodeClient node, string image)
    {
        _node = node;
        _image = image;
    }

    /// <inheritdoc/>
    public string Node => _node.Node;

    /// <inheritdoc/>
    public string Holder { get; } = NodeShellHolder.ThisProcess;

    /// <inheritdoc/>
    public TimeSpan Lifetime { get; } = TimeSpan.FromHours(1);

    /// <summary>Makes the node pull the image, unless it has it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">The image; with <c>sh</c> and what the program needs.</param>
    /// <param name="reporter">Told of each step.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The shell.</returns>
    /// <exception cref="TsException"><c>DebugServiceMissing</c> before Talos 1.13, or a failure of the pull.</exception>
    public static async Task<TalosNodeShell> OpenAsync(
        TalosNodeClient node,
        string image,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentException.ThrowIfNullOrEmpty(image);
        ArgumentNullException.ThrowIfNull(reporter);
        if (!await node.HasDebugServiceAsync(cancellationToken).ConfigureAwait(false))
        {
            TalosVersion version = await node.VersionAsync(cancellationToken).ConfigureAwait(false);
            throw BootErrors.DebugServiceMissing.New(
                $"'{node.Node}' runs Talos {version.Tag}, whose API runs no containers; 1.13 and later do.",
                node.Node
            );
        }

        reporter.Verbose($"{node.Node}: pulling '{image}' for a shell by Talos.");
        await node.ImagePullAsync(
                image,
                TalosImageNamespace.System,
                reporter: reporter,
                cancellation: cancellationToken
            )
            .ConfigureAwait(false);
        var shell = new TalosNodeShell(node, image);
        await shell.RequireMachineAsync(forWriting: false, cancellationToken).ConfigureAwait(false);
        return shell;
    }

    /// <inheritdoc/>
    public Task RequireMachineAsync(bool forWriting, CancellationToken cancellationToken) =>
        new ShellMachine(_node, null, "").RequireAsync(this, forWriting, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The container's standard error comes among its standard output.</remarks>
    public Task<int> RunAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    )
    {
        var container = new TalosDebugContainer
        {
            Image = _image,
            Images = TalosImageNamespace.System,
            Arguments = command,
        };
        return _node.DebugRunAsync(container, stdin, stdout, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> IsGoneAsync(string holder, CancellationToken cancellationToken) =>
        Task.FromResult(NodeShellHolder.IsGone(holder));

    /// <inheritdoc/>
    public Task CloseAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public bool IsTransient(TsException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Error == TalosErrors.TalosConnectionLost
            || exception.Error == TalosErrors.TalosConnectionFailed
            || exception.Error == TalosErrors.TalosConnectionRefused
            || exception.Error == TalosErrors.TalosNodeUnavailable
            || exception.Error == TalosErrors.TalosProtocolViolation;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>
/// A root shell on a node, with the node's devices: a privileged pod, or a container that Talos itself runs. Disposing
/// of it leaves nothing on the node.
/// </summary>
public interface INodeShell : IAsyncDisposable
{
    /// <summary>The node's name, for messages.</summary>
    string Node { get; }

    /// <summary>A name by which another run can tell whether this shell still exists (<c>pod/kube-system/…</c>).</summary>
    string Holder { get; }

    /// <summary>Nothing that was started through the shell can be running longer than this after its start.</summary>
    TimeSpan Lifetime { get; }

    /// <summary>
    /// Whether a file that one command writes into the temporary folder is there for the next one: then the program is sent
    /// once and not with each command.
    /// </summary>
    bool KeepsFiles => false;

    /// <summary>Runs a program and passes its streams through.</summary>
    /// <param name="command">Program and arguments; no shell looks at them.</param>
    /// <param name="stdin">Sent to the program; null for none. The end may not be passed on, so the program must know the length.</param>
    /// <param name="stdout">Gets the standard output.</param>
    /// <param name="stderr">Gets the standard error.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The exit code.</returns>
    Task<int> RunAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Makes sure that the shell is on the machine that Talos answers for. Asked before the shell is used, and again before
    /// anything is written.
    /// </summary>
    /// <param name="forWriting">Whether something will be changed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>A task that ends when it is certain.</returns>
    /// <exception cref="TsException">ShellOnAnotherMachine, ShellMachineUnknown.</exception>
    Task RequireMachineAsync(bool forWriting, CancellationToken cancellationToken);

    /// <summary>Whether the holder of a lock is known not to exist any more.</summary>
    /// <param name="holder">What <see cref="Holder"/> of the other shell was.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>True only when it is certain.</returns>
    Task<bool> IsGoneAsync(string holder, CancellationToken cancellationToken);

    /// <summary>Ends the shell and waits until nothing of it is left on the node: mounts would keep a reboot from being clean.</summary>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task that ends when it is gone.</returns>
    Task CloseAsync(CancellationToken cancellationToken);

    /// <summary>Whether the command may be tried again after this failure: the connection broke, the shell is still there.</summary>
    /// <param name="exception">What <see cref="RunAsync"/> threw.</param>
    /// <returns>True when a new attempt makes sense.</returns>
    bool IsTransient(TsException exception);

    /// <summary>Makes the shell anew where a failure says that it is gone, as a pod that was evicted.</summary>
    /// <param name="exception">What <see cref="RunAsync"/> threw.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False where it is not gone: nothing was done then.</returns>
    /// <exception cref="TsException">No other can be had.</exception>
    Task<bool> RenewAsync(TsException exception, CancellationToken cancellationToken) => Task.FromResult(false);
}

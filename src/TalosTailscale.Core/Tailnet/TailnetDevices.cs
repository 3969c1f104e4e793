namespace TalosTailscale.Core.Tailnet;

/// <summary>Finds the way to the tailnet's devices that is there.</summary>
public static class TailnetDevices
{
    /// <summary>
    /// A reader that asks once and remembers: the API where a credential is in the environment (it knows tags, expiry and
    /// approval), else the tailscaled on this machine.
    /// </summary>
    /// <param name="socket">The socket of tailscaled; null for the usual one.</param>
    /// <param name="api">The address of the API; null for the usual one.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The reader; null when there is no way.</returns>
    public static Func<CancellationToken, Task<IReadOnlyList<TailnetDevice>>>? Reader(
        string? socket,
        Uri? api,
        CancellationToken cancellationToken
    )
    {
        var credential = TailnetCredential.FromEnvironment();
        var path = LocalTailscale.SocketPath(socket);
        if (credential is null && !LocalTailscale.Exists(path))
            return null;
        var once = new Lazy<Task<IReadOnlyList<TailnetDevice>>>(async () =>
        {
            if (credential is not null)
            {
                using var client = new TailnetClient(api, credential);
                return await client.DevicesAsync(cancellationToken).ConfigureAwait(false);
            }

            return (await LocalTailscale.StatusAsync(path, cancellationToken).ConfigureAwait(false)).Devices;
        });
        return _ => once.Value;
    }
}

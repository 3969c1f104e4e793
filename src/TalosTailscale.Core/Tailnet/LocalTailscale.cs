using System.IO.Pipes;
using System.Net.Sockets;
using System.Security.Principal;

namespace TalosTailscale.Core.Tailnet;

/// <summary>The LocalAPI of the tailscaled on this machine: HTTP over a unix socket, on Windows over a named pipe.</summary>
public static class LocalTailscale
{
    private const string WindowsPipe = @"\\.\pipe\ProtectedPrefix\Administrators\Tailscale\tailscaled";
    private const int MaximumBytes = 64 << 20;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>Where tailscaled listens: the path given, else the one that TS_SOCKET names, else the platform's.</summary>
    /// <param name="socket">What the user gave; null for none.</param>
    /// <returns>The path of the socket or pipe.</returns>
    public static string SocketPath(string? socket)
    {
        if (!string.IsNullOrWhiteSpace(socket))
            return socket;
        if (Environment.GetEnvironmentVariable("TS_SOCKET") is { Length: > 0 } named)
            return named;
        return OperatingSystem.IsWindows() ? WindowsPipe
            : OperatingSystem.IsMacOS() ? "/var/run/tailscaled.socket"
            : "/var/run/tailscale/tailscaled.sock";
    }

    /// <summary>Whether something listens there, as far as can be seen without asking.</summary>
    /// <param name="path">The path of the socket or pipe.</param>
    /// <returns>True when it is worth a try.</returns>
    public static bool Exists(string path) => File.Exists(path);

    /// <summary>Reads the status.</summary>
    /// <param name="path">The path of the socket or pipe.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The status.</returns>
    /// <exception cref="TsException">TailnetUnreachable, TailnetRequestFailed.</exception>
    public static async Task<TailscaleStatus> StatusAsync(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, stop) => ConnectAsync(path, stop),
            UseProxy = false,
            AllowAutoRedirect = false,
        };
        // tailscaled refuses any other host name: a guard against web pages (ipn/localapi).
        using var http = new HttpClient(handler)
        {
            BaseAddress = new Uri("http://local-tailscaled.sock/"),
            Timeout = s_timeout,
            MaxResponseContentBufferSize = MaximumBytes,
        };
        try
        {
            using var response = await http.GetAsync(new Uri("localapi/v0/status", UriKind.Relative), cancellationToken)
                .ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw TailnetErrors.TailnetRequestFailed.New(
                    $"The tailscaled at '{path}' answered {(int)response.StatusCode} {response.ReasonPhrase}.",
                    path
                );
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                return await TailscaleStatus
                    .ReadAsync(body, TailnetSource.LocalApi, cancellationToken)
                    .ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is HttpRequestException or SocketException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw TailnetErrors.TailnetUnreachable.New(
                $"The tailscaled at '{path}' could not be asked: {e.Message}",
                path,
                e
            );
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        const string prefix = @"\\.\pipe\";
        if (path.StartsWith(prefix, StringComparison.Ordinal))
        {
            // tailscaled asks the pipe who we are, and takes nobody for somebody without rights (tailscale safesocket).
            var pipe = new NamedPipeClientStream(
                ".",
                path[prefix.Length..],
                PipeDirection.InOut,
                PipeOptions.Asynchronous,
                TokenImpersonationLevel.Identification
            );
            await pipe.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return pipe;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

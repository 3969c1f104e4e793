using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TalosTailscale.Tests.Terminal;

/// <summary>A server that answers each request with the same bytes, whatever HTTP thinks of them.</summary>
internal sealed class HostileHttp : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _answer;
    private readonly Task _serving;

    public HostileHttp(string answer)
    {
        _answer = Encoding.UTF8.GetBytes(answer);
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _serving.Wait(TimeSpan.FromSeconds(10));
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    // A short request fits into one read; one with a body may come in two, of which the answer does not wait for the second.
    private async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            byte[] request = new byte[64 * 1024];
            if (await stream.ReadAsync(request, _stop.Token) == 0)
                return;
            await stream.WriteAsync(_answer, _stop.Token);
            stream.Socket.Shutdown(SocketShutdown.Send);
            while (await stream.ReadAsync(request, _stop.Token) > 0) { }
        }
        catch (IOException)
        {
            // The client went away first.
        }
    }
}

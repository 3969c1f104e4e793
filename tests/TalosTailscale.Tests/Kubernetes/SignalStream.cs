namespace TalosTailscale.Tests.Kubernetes;

/// <summary>Says when the first byte is written to it.</summary>
internal sealed class SignalStream(Action signal) : MemoryStream
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > 0)
            signal();
        return ValueTask.CompletedTask;
    }
}

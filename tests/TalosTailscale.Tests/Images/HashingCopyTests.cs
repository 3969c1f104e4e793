using System.Security.Cryptography;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Tests.Images;

/// <summary>Copying with a hash: any length, short reads, a full disk, a source that ends too early.</summary>
public sealed class HashingCopyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256 * 1024)]
    [InlineData((256 * 1024 * 9) + 17)]
    public async Task The_copy_and_its_hash_are_those_of_the_source(int length)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31 / 7))];
        using var source = new ShortReads(content, length);
        using var target = new MemoryStream();

        var hash = await HashingCopy.CopyAsync(
            source,
            target,
            "x",
            SilentReporter.Instance,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), hash);
        Assert.True(content.AsSpan().SequenceEqual(target.ToArray()));
    }

    [Fact]
    public async Task A_target_that_fails_ends_it_with_its_own_error()
    {
        using var source = new MemoryStream(new byte[3_000_000]);
        using var target = new FullDisk();

        var error = await Assert.ThrowsAsync<IOException>(() =>
            HashingCopy.CopyAsync(source, target, "x", SilentReporter.Instance, TestContext.Current.CancellationToken)
        );

        Assert.Equal("full", error.Message);
    }

    [Fact]
    public async Task A_source_that_ends_too_early_is_an_error()
    {
        using var source = new ShortReads(new byte[1000], 2000);

        var error = await Assert.ThrowsAsync<TsException>(() =>
            HashingCopy.CopyAsync(
                source,
                Stream.Null,
                "x.iso",
                SilentReporter.Instance,
                TestContext.Current.CancellationToken
            )
        );

        Assert.Equal("ImageTruncated", error.ErrorId);
        Assert.Contains("1000 of 2000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_stopped_half_way()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var source = new MemoryStream(new byte[3_000_000]);
        using var target = new FullDisk(stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            HashingCopy.CopyAsync(source, target, "x", SilentReporter.Instance, stop.Token)
        );
    }

    private sealed class ShortReads(byte[] content, long length) : MemoryStream(content, writable: false)
    {
        public override long Length { get; } = length;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => await base.ReadAsync(buffer[..Math.Min(buffer.Length, 100_000)], cancellationToken);
    }

    private sealed class FullDisk(CancellationTokenSource? stop = null) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Length < 500_000)
                return base.WriteAsync(buffer, cancellationToken);
            if (stop is null)
                throw new IOException("full");
            stop.Cancel();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}

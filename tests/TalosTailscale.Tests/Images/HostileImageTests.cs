using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;
using TalosTailscale.Core.Images.Initrd;
using TalosTailscale.Core.Images.Iso;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>Files made to cost time or memory, or to be taken for another: each is bounded by what it may take.</summary>
public sealed class HostileImageTests
{
    // A file of half a MiB. Read to its end it took 76 seconds.
    [Fact]
    public async Task Sixteen_GiB_of_zeros_in_a_zstd_frame_are_given_up_after_64_KiB()
    {
        using var stream = new CountingStream(ZstdFrames.OfZeros([], 16L << 30));
        var cpio = new CpioReader(stream.Decoded, "bomb", new(long.MaxValue));

        Assert.False(await cpio.StartAsync(TestContext.Current.CancellationToken));

        Assert.InRange(stream.Count, 1, 70 * 1024);
        using var initrd = new MemoryStream(ZstdFrames.OfZeros([], 16L << 30));
        Assert.Null(await InitrdReader.ReadLayersAsync(new(initrd, "bomb"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_member_of_4_GiB_in_a_file_of_130_KiB_is_refused_and_not_unpacked()
    {
        using var initrd = new MemoryStream(ZstdFrames.OfZeros(ZstdFrames.CpioOf4GiB, 4L << 30));

        var error = await Assert.ThrowsAsync<TsException>(() =>
            InitrdReader.ReadLayersAsync(new(initrd, "bomb"), TestContext.Current.CancellationToken)
        );

        Assert.Equal("DecompressionLimitExceeded", error.ErrorId);
    }

    [Theory]
    [InlineData("layers: tailscale\n")]
    [InlineData("layers: {image: a}\n")]
    [InlineData("layers: [a]\n")]
    [InlineData("layers: [[a]]\n")]
    [InlineData("- layers\n")]
    [InlineData("layers: [{image: a, metadata: tailscale}]\n")]
    public void Layers_of_another_shape_are_an_error_and_not_an_image_without_extensions(string yaml)
    {
        var error = Assert.Throws<TsException>(() => ExtensionsYaml.Parse(Encoding.UTF8.GetBytes(yaml), "x.efi"));

        Assert.Equal("InitrdMalformed", error.ErrorId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("layers:\n")]
    [InlineData("layers: []\n")]
    [InlineData("layers: null\nlater: {than: [us]}\n")]
    public void No_layers_are_no_extensions(string yaml) =>
        Assert.Empty(ExtensionsYaml.Parse(Encoding.UTF8.GetBytes(yaml), "x.efi"));

    [Theory]
    [InlineData("Talos-v1.12.4.efi", false)]
    [InlineData("LINUX", true)]
    public async Task A_record_of_4_GiB_in_a_small_iso_is_an_error(string entry, bool folder)
    {
        using var stream = new MemoryStream();
        LabImages.WriteIso(new LabUkiSpec(), stream);
        var bytes = stream.ToArray();
        var name = Encoding.ASCII.GetBytes(
            entry.ToUpperInvariant().Replace("-V1.12.4.EFI", "", StringComparison.Ordinal)
        );
        var changed = 0;
        for (var at = 20 * 2048; at < 60 * 2048; at++)
        {
            if (!bytes.AsSpan(at).StartsWith(name) || bytes[at - 33] < 34 || (bytes[at - 8] & 2) != (folder ? 2 : 0))
                continue;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at - 23), uint.MaxValue);
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at - 19), uint.MaxValue);
            changed++;
        }

        using var image = new MemoryStream(bytes);
        var error = await Assert.ThrowsAsync<TsException>(() =>
            UkiFinder.FindAsync(image, "x.iso", TestContext.Current.CancellationToken)
        );

        Assert.True(changed > 0, "The record was not found.");
        Assert.Equal(folder ? "IsoMalformed" : "ImageTruncated", error.ErrorId);
    }

    [Fact]
    public void A_line_feed_in_a_name_of_FAT_is_seen_and_makes_no_second_line()
    {
        var slot = new byte[64];
        "A\nB     EFI"u8.CopyTo(slot);

        Assert.Equal("A\uFFFDB.EFI", Assert.Single(FatSlots.Parse(slot, 16)).Name);
    }

    /// <summary>How much of a frame was asked for.</summary>
    private sealed class CountingStream(byte[] frame) : IDisposable
    {
        private readonly Counter _counter = new(Core.Images.Compression.ZstdFrame.Open(new MemoryStream(frame)));

        public long Count => _counter.Count;

        public Stream Decoded => _counter;

        public void Dispose() => _counter.Dispose();

        private sealed class Counter(Stream inner) : SeekableReadStream
        {
            public long Count { get; private set; }

            public override long Length => throw new NotSupportedException();

            public override async ValueTask<int> ReadAsync(
                Memory<byte> buffer,
                CancellationToken cancellationToken = default
            )
            {
                var read = await inner.ReadAsync(buffer, cancellationToken);
                Count += read;
                return read;
            }

            protected override void Dispose(bool disposing)
            {
                inner.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}

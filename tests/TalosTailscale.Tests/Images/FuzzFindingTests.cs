using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Org.BouncyCastle.X509;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Initrd;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Images.Fuzz;

namespace TalosTailscale.Tests.Images;

/// <summary>What fuzzing has found, each once by hand and by name.</summary>
public sealed class FuzzFindingTests
{
    [Theory]
    [InlineData(0xFFFFF000u)]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(0x80000000u)]
    public async Task Rebuilding_does_not_overflow_SizeOfImage_where_a_section_lies_at_the_end_of_memory(uint address)
    {
        var bytes = LabImages.Uki(new LabUkiSpec { Kind = LabUkiKind.Iso });
        var image = await PeOfAsync(bytes);
        var row = image.SectionTableOffset + (image.IndexOf(image.Find(".linux")!) * 40);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(row + 12), address);
        using var source = new MemoryStream(bytes);

        var error = await Record.ExceptionAsync(() =>
            UkiRebuilder.RebuildAsync(source, "x.efi", TestContext.Current.CancellationToken)
        );

        if (address == 0x80000000u)
            Assert.Null(error);
        else
            Assert.Equal("PeMalformed", Assert.IsType<TsException>(error).ErrorId);
    }

    [Fact]
    public async Task An_xz_index_shorter_than_its_own_checksum_is_refused()
    {
        byte[] file = [.. FuzzSeeds.XzFiles[1]];
        var footer = file.AsSpan(file.Length - 12);
        footer.Slice(4, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Crc.Crc32(footer.Slice(4, 6)));
        using var stream = new MemoryStream(file);

        var error = await Record.ExceptionAsync(async () =>
        {
            await using var content = await ImageStream.DecompressAsync(
                stream,
                "x.xz",
                TestContext.Current.CancellationToken
            );
            await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        });

        Assert.IsType<TsException>(error);
    }

    [Theory]
    [InlineData("layers: \"\\UFFFFFFFF\"\n")]
    [InlineData("layers: \"\\uD800\"\n")]
    [InlineData("layers: [\"\\x\n")]
    [InlineData("layers: !<tag:%> a\n")]
    [InlineData("%YAML 99999999999.1\n---\na\n")]
    public void Whatever_the_YAML_scanner_throws_is_an_answer(string yaml)
    {
        var error = Record.Exception(() => ExtensionsYaml.Parse(Encoding.ASCII.GetBytes(yaml), "extensions.yaml"));

        if (error is not null)
            Assert.Equal("InitrdMalformed", Assert.IsType<TsException>(error).ErrorId);
    }

    [Theory]
    [InlineData(16_384, 17)]
    [InlineData(2_048, 2_000)]
    public void A_key_that_would_take_seconds_of_arithmetic_is_not_computed_with(int modulusBits, int exponentBits)
    {
        using var signer = RSA.Create(1024);
        var modulus = (BigInteger.One << (modulusBits - 1)) + 1;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(modulus);
            writer.WriteInteger((BigInteger.One << (exponentBits - 1)) + 1);
        }

        var key = new PublicKey(
            new Oid("1.2.840.113549.1.1.1"),
            new AsnEncodedData([5, 0]),
            new AsnEncodedData(writer.Encode())
        );
        var name = new X500DistinguishedName("CN=long");
        using var certificate = new CertificateRequest(name, key, HashAlgorithmName.SHA256).Create(
            name,
            X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1),
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(80),
            [1]
        );

        Assert.Null(SignerKey.TryGet(new X509CertificateParser().ReadCertificate(certificate.RawData)));
    }

    private static Task<PeImage> PeOfAsync(byte[] bytes) =>
        PeImage.ReadAsync(new RandomReader(new MemoryStream(bytes), "test"), TestContext.Current.CancellationToken);
}

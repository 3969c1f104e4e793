using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>What a signature is worth: digest, CMS, and the certificates it is held to.</summary>
public sealed class SignatureTests
{
    private static readonly LabUkiSpec s_spec = new() { SecureBoot = true };

    [Fact]
    public async Task A_signature_holds_and_its_signer_is_the_pinned_one()
    {
        var uki = await ReadAsync(LabImages.Uki(s_spec), LabSigningKeys.Factory.Certificate.RawData);

        Assert.Equal((UkiSignatureStatus.Valid, true), (uki.SignatureStatus, uki.SignerTrusted));
        Assert.Equal(LabSigningKeys.Factory.Certificate.NotAfter.ToUniversalTime(), uki.Signer!.NotAfter.UtcDateTime);
    }

    [Fact]
    public async Task Another_certificate_is_not_trusted_although_the_signature_holds()
    {
        var uki = await ReadAsync(
            LabImages.Uki(s_spec with { Keys = LabSigningKeys.Other }),
            LabSigningKeys.Factory.Certificate.RawData
        );

        Assert.Equal((UkiSignatureStatus.Valid, false), (uki.SignatureStatus, uki.SignerTrusted));
    }

    [Theory]
    [InlineData(".linux")]
    [InlineData(".cmdline")]
    [InlineData(".initrd")]
    public async Task One_changed_byte_in_a_section_breaks_the_digest(string section)
    {
        var bytes = LabImages.Uki(s_spec);
        var at = (await PeOfAsync(bytes)).Find(section)!;
        bytes[at.RawOffset + (at.ContentLength / 2)] ^= 1;

        var uki = await ReadAsync(bytes, LabSigningKeys.Factory.Certificate.RawData, extensions: false);

        Assert.Equal((UkiSignatureStatus.DigestMismatch, false), (uki.SignatureStatus, uki.SignerTrusted));
    }

    [Fact]
    public async Task The_checksum_is_not_part_of_the_digest()
    {
        var bytes = LabImages.Uki(s_spec);
        bytes[(await PeOfAsync(bytes)).CheckSumOffset] ^= 0xFF;

        Assert.Equal(UkiSignatureStatus.Valid, (await ReadAsync(bytes)).SignatureStatus);
    }

    [Fact]
    public async Task A_digest_put_right_by_hand_breaks_the_CMS_signature()
    {
        var bytes = LabImages.Uki(s_spec);
        var pe = await PeOfAsync(bytes);
        var linux = pe.Find(".linux")!;
        var old = await DigestAsync(bytes, pe);
        bytes[linux.RawOffset] ^= 1;
        var corrected = await DigestAsync(bytes, pe);
        corrected.CopyTo(bytes, (int)pe.Certificates.Offset + bytes.AsSpan((int)pe.Certificates.Offset).IndexOf(old));

        Assert.Equal(UkiSignatureStatus.Invalid, (await ReadAsync(bytes)).SignatureStatus);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(4096)]
    public async Task Bytes_behind_the_certificate_table_make_another_digest_as_in_firmware(int count)
    {
        byte[] bytes = [.. LabImages.Uki(s_spec), .. new byte[count]];

        var uki = await ReadAsync(bytes, LabSigningKeys.Factory.Certificate.RawData);

        Assert.Equal((UkiSignatureStatus.DigestMismatch, false), (uki.SignatureStatus, uki.SignerTrusted));
    }

    [Fact]
    public async Task Rubbish_in_the_certificate_table_is_an_invalid_signature_and_not_an_error()
    {
        var bytes = LabImages.Uki(s_spec);
        var pe = await PeOfAsync(bytes);
        bytes.AsSpan((int)pe.Certificates.Offset + 8, 200).Fill(0xAA);

        var uki = await ReadAsync(bytes, LabSigningKeys.Factory.Certificate.RawData);

        Assert.Equal((UkiSignatureStatus.Invalid, false), (uki.SignatureStatus, uki.SignerTrusted));
        Assert.Null(uki.Signer);
    }

    [Fact]
    public async Task Without_hashing_nothing_is_said_about_the_signature()
    {
        using var stream = new MemoryStream(LabImages.Uki(s_spec));
        var options = new UkiReadOptions
        {
            Hash = false,
            TrustedCertificates = [LabSigningKeys.Factory.Certificate.RawData],
        };

        var uki = await UkiReader.ReadAsync(stream, options, TestContext.Current.CancellationToken);

        Assert.Equal((UkiSignatureStatus.NotChecked, (bool?)null), (uki.SignatureStatus, uki.SignerTrusted));
        Assert.NotNull(uki.Signer);
    }

    [Fact]
    public async Task Sbverify_agrees_on_what_the_lab_signs_and_on_what_was_changed()
    {
        using var folder = new TemporaryFolder();
        var certificate = folder.Write(
            "cert.pem",
            Encoding.ASCII.GetBytes(LabSigningKeys.Factory.Certificate.ExportCertificatePem())
        );
        var good = folder.Write("good.efi", LabImages.Uki(s_spec));
        var changed = LabImages.Uki(s_spec);
        changed[(await PeOfAsync(changed)).Find(".linux")!.RawOffset] ^= 1;
        var bad = folder.Write("bad.efi", changed);
        var other = folder.Write("other.efi", LabImages.Uki(s_spec with { Keys = LabSigningKeys.Other }));

        foreach (var (file, trusted) in ((string, bool)[])[(good, true), (bad, false), (other, false)])
        {
            var (code, output) = await Tool.TryAsync("sbverify", "--cert", certificate, file);
            Assert.True(trusted == (code == 0), output);
            var ours = await ReadAsync(
                await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken),
                LabSigningKeys.Factory.Certificate.RawData
            );
            Assert.Equal(trusted, ours.SignerTrusted);
        }
    }

    [Fact]
    public async Task Trusted_certificates_come_from_PEM_and_DER_and_nothing_else()
    {
        var der = LabSigningKeys.Factory.Certificate.RawData;
        var pem = Encoding.ASCII.GetBytes(LabSigningKeys.Factory.Certificate.ExportCertificatePem());

        Assert.Equal(der, Assert.Single(TrustedCertificates.Parse(der, "a")));
        Assert.Equal([der, der], TrustedCertificates.Parse([.. pem, (byte)'\n', .. pem], "b"));
        var error = Assert.Throws<TsException>(() => TrustedCertificates.Parse("no certificate"u8.ToArray(), "c.pem"));
        Assert.Equal("CertificateMalformed", error.ErrorId);
        using var folder = new TemporaryFolder();
        var missing = await Assert.ThrowsAsync<TsException>(() =>
            TrustedCertificates.ReadAsync(folder["none"], TestContext.Current.CancellationToken)
        );
        Assert.Equal("ImageNotFound", missing.ErrorId);
    }

    private static async Task<UkiInfo> ReadAsync(byte[] bytes, byte[]? trusted = null, bool extensions = true)
    {
        using var stream = new MemoryStream(bytes);
        var options = new UkiReadOptions
        {
            Extensions = extensions,
            TrustedCertificates = trusted is null ? [] : [trusted],
        };
        return await UkiReader.ReadAsync(stream, options, TestContext.Current.CancellationToken);
    }

    private static async Task<byte[]> DigestAsync(byte[] bytes, PeImage image)
    {
        using var stream = new MemoryStream(bytes);
        var hashes = await PeHasher.HashAsync(
            stream,
            image,
            [System.Security.Cryptography.HashAlgorithmName.SHA256],
            false,
            _ => { },
            TestContext.Current.CancellationToken
        );
        return hashes.Authenticode.Values.Single();
    }

    private static Task<PeImage> PeOfAsync(byte[] bytes) =>
        PeImage.ReadAsync(new RandomReader(new MemoryStream(bytes), "test"), TestContext.Current.CancellationToken);
}

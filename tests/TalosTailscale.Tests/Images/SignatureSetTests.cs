using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Our verdict beside that of sbverify, over every image of a generated set and every key. Where firmware refuses what
/// sbverify takes, the verdict is the firmware's: that is counted too.
/// </summary>
public sealed class SignatureSetTests(ITestOutputHelper output)
{
    // Taken by sbverify and not by edk2, because they end elsewhere than their tables say (the walk must end with the
    // table, and what is beyond it is hashed), or the table ends behind the file.
    private static readonly string[] s_refusedByFirmware =
    [
        "-padded-1",
        "-padded-8",
        "-padded-4096",
        "-padded-in-table",
        "-padded-16-in-table",
        "-cut-8",
    ];

    // Refused by sbverify, which stops at an entry of another type than PKCS#7; edk2 goes on to the next.
    private static readonly string[] s_takenByFirmware = ["double-entry-type"];

    [Fact]
    public async Task Sbverify_and_ours_agree_but_where_firmware_says_otherwise()
    {
        using var folder = new TemporaryFolder();
        var set = new SignatureSet(folder);
        await set.MakeAsync();

        var differences = new List<string>();
        var (taken, refused, asFirmware) = (0, 0, 0);
        foreach (var (name, _) in set.Files)
        {
            foreach (var key in SignatureSet.Keys)
            {
                var theirs = await IsTakenByToolAsync(folder[name + ".efi"], set.CertificateOf(key));
                var ours = await IsTakenAsync(folder[name + ".efi"], set.CertificateOf(key));
                if (ours == theirs)
                    _ = ours ? taken++ : refused++;
                else if (
                    (ours ? s_takenByFirmware : s_refusedByFirmware).Any(s =>
                        name.EndsWith(s, StringComparison.Ordinal)
                    )
                )
                    asFirmware++;
                else
                    differences.Add($"{name} with {key}: ours {ours}, theirs {theirs}");
            }
        }

        output.WriteLine(
            $"{set.Files.Count} images, {SignatureSet.Keys.Count()} keys: both take {taken}, both refuse {refused}, "
                + $"ours is firmware's verdict and not the tool's {asFirmware}, otherwise {differences.Count}."
        );
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        var images = set.Files.Select(f => File.ReadAllBytes(folder[f.Name + ".efi"])).Select(b => (b, b.Length));
        output.WriteLine(await ImageBounds.CheckAsync("signatures", images));
        Assert.True(taken >= 25, $"Only {taken} were taken.");
    }

    // sbverify computes SHA-256 and nothing else, so what has another hash is held to osslsigncode.
    private static async Task<bool> IsTakenByToolAsync(string path, string certificate)
    {
        var name = Path.GetFileName(path);
        var (code, _) =
            name.StartsWith("sha384", StringComparison.Ordinal) || name.StartsWith("sha512", StringComparison.Ordinal)
                ? await Tool.TryAsync("osslsigncode", "verify", "-CAfile", certificate, "-in", path)
                : await Tool.TryAsync("sbverify", "--cert", certificate, path);
        return code == 0;
    }

    [Fact]
    public async Task Each_signature_has_a_verdict_and_one_that_holds_is_enough()
    {
        using var folder = new TemporaryFolder();
        var set = new SignatureSet(folder);
        await set.MakeAsync();

        var uki = await ReadAsync(folder["double.efi"], set.CertificateOf("rsa4096"));

        Assert.Equal(["CN=rsa2048", "CN=rsa4096"], uki.Signatures.Select(s => s.Signer!.Subject));
        Assert.All(uki.Signatures, s => Assert.Equal(UkiSignatureStatus.Valid, s.Status));
        Assert.Equal([false, true], uki.Signatures.Select(s => s.Trusted));
        Assert.True(uki.SignerTrusted);
        Assert.Equal("SHA384", Assert.Single((await ReadAsync(folder["sha384-p384.efi"])).Signatures).HashAlgorithm);
        // Firmware does not look at nested signatures.
        Assert.Equal("CN=rsa2048", Assert.Single((await ReadAsync(folder["nested.efi"])).Signatures).Signer!.Subject);
    }

    private static async Task<bool> IsTakenAsync(string path, string certificate)
    {
        try
        {
            return (await ReadAsync(path, certificate)).SignerTrusted == true;
        }
        catch (TsException)
        {
            return false;
        }
    }

    private static async Task<UkiInfo> ReadAsync(string path, string? certificate = null)
    {
        await using var stream = File.OpenRead(path);
        var options = new UkiReadOptions
        {
            Extensions = false,
            TrustedCertificates = certificate is null
                ? []
                : TrustedCertificates.Parse(await File.ReadAllBytesAsync(certificate), certificate),
        };
        return await UkiReader.ReadAsync(stream, options, TestContext.Current.CancellationToken);
    }
}

using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Images;

namespace TalosTailscale.Tests.Runbook;

/// <summary>Bytes from outside that people have met, rewritten small; each names the public report.</summary>
public sealed class BytesFromReportsTests
{
    // kubernetes/kubernetes#101695 (CVE-2021-25743): colours in the message of an event reach the reader's terminal.
    // kubernetes/kubernetes#107617: the same in annotations; here a link.
    // kubernetes/kubernetes#112553: a carriage return writes over the line that is being read.
    // GingerGraham/bash-logger#36: clear the screen, go home, and a false error; the palette changed by OSC 4.
    [Theory]
    [InlineData("kubernetes#101695", "Back-off \u001b[31mpulling\u001b[0m image")]
    [InlineData("kubernetes#107617", "note \u001b]8;;https://example.org\u001b\\here\u001b]8;;\u001b\\")]
    [InlineData("kubernetes#112553", "real reason\rall is well")]
    [InlineData("bash-logger#36", "Normal text\u001b[2J\u001b[H\u001b[31mFAKE CRITICAL ERROR\u001b[0m")]
    [InlineData("bash-logger#36, OSC 4", "a\u001b]4;0;rgb:00/00/00\u001b\\b")]
    public void Text_that_drives_a_terminal_is_seen(string report, string text)
    {
        string shown = PrintableText.Clean(text);

        Assert.False(PrintableText.IsClean(text), report);
        Assert.DoesNotContain(shown, char.IsControl);
        Assert.Equal(text.Length, shown.Length);
    }

    // systemd/systemd#9401: written without a line feed or zero at the end; its last character is part of it.
    // systemd/systemd#25857: written with one, as /proc/cmdline ends; no blank is left.
    // systemd/systemd#28013: with a tab and a line feed inside; what is behind counts.
    // systemd/mkosi#2881: nothing but a zero.
    [Theory]
    [InlineData("systemd#9401", "console=ttyS0", "console=ttyS0")]
    [InlineData("systemd#25857", "console=ttyS0 \n", "console=ttyS0")]
    [InlineData(
        "systemd#28013",
        "efi=debug\tconsole=ttyS0\ntalos.halt_if_installed=1",
        "efi=debug console=ttyS0 talos.halt_if_installed=1"
    )]
    [InlineData("mkosi#2881", "\0", "")]
    public async Task A_command_line_is_what_the_kernel_gets(string report, string section, string commandLine)
    {
        UkiInfo uki = await ReadAsync(TinyUki.With(".cmdline", Encoding.UTF8.GetBytes(section)));

        Assert.True(commandLine == uki.CommandLine, $"{report}: '{uki.CommandLine}'");
        Assert.Equal(commandLine.Contains("halt", StringComparison.Ordinal), uki.HaltsIfInstalled);
    }

    // siderolabs/talos#7615: a DHCP server gave a name with an underscore, and Talos took it.
    [Fact]
    public void A_host_name_with_an_underscore_is_one() => Assert.True(HostName.IsValid("talos_worker_1"));

    // veracrypt/VeraCrypt#1480: a section whose name is eight zeros.
    [Fact]
    public async Task A_section_without_a_name_is_passed_over()
    {
        UkiInfo uki = await ReadAsync(
            TinyUki.Make(TinyUki.Kernel, ("\0\0\0\0\0\0\0\0", [1, 2, 3]), TinyUki.Release(TinyUki.OsRelease))
        );

        Assert.Equal("v1.12.4", uki.Version);
        Assert.Equal(3, uki.Sections.Count);
    }

    // ncroxon/gnu-efi#79: data behind the last section, of which sbsign warns and which it signs all the same.
    [Fact]
    public async Task Data_behind_the_last_section_is_signed_too()
    {
        using var folder = new TemporaryFolder();
        byte[] plain = LabImages.Uki(new LabUkiSpec { Size = 100_000 });
        folder.Write("a.efi", [.. plain, .. Encoding.ASCII.GetBytes("left behind by a linker!")]);
        await Tool.RunAsync(
            "openssl",
            "req",
            "-x509",
            "-nodes",
            "-days",
            "10",
            "-subj",
            "/CN=k",
            "-newkey",
            "rsa:2048",
            "-keyout",
            folder["k.key"],
            "-out",
            folder["k.pem"]
        );
        await Tool.RunAsync(
            "sbsign",
            "--key",
            folder["k.key"],
            "--cert",
            folder["k.pem"],
            "--output",
            folder["b.efi"],
            folder["a.efi"]
        );
        byte[] signed = await File.ReadAllBytesAsync(folder["b.efi"], TestContext.Current.CancellationToken);

        Assert.Equal(UkiSignatureStatus.Valid, (await ReadAsync(signed)).SignatureStatus);
        signed[plain.Length + 3] ^= 1;
        Assert.Equal(UkiSignatureStatus.DigestMismatch, (await ReadAsync(signed)).SignatureStatus);
    }

    private static async Task<UkiInfo> ReadAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await UkiReader.ReadAsync(stream, new UkiReadOptions(), TestContext.Current.CancellationToken);
    }
}

using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>A UKI is judged by what the stub, systemd-boot and Talos make of its bytes.</summary>
public sealed class UkiAsBootedTests
{
    // What the stub makes blanks of, skips or decodes (systemd, src/boot: util.c and efi-string.c).
    public static TheoryData<string, byte[]> Halting =>
        new()
        {
            { "vertical tab behind", "talos.halt_if_installed=1\v"u8.ToArray() },
            { "escape before", "\u001btalos.halt_if_installed=1"u8.ToArray() },
            { "bell between", "a=1\atalos.halt_if_installed=1\ab"u8.ToArray() },
            { "delete behind", "talos.halt_if_installed=1\u007f"u8.ToArray() },
            { "line feed between", "a\ntalos.halt_if_installed=1\nb"u8.ToArray() },
            { "malformed byte inside", [.. "talos.halt_if"u8, 0xFF, .. "_installed=1"u8] },
            { "character beyond the 16 bits inside", "talos.halt_if\U0001F600_installed=1"u8.ToArray() },
            { "overlong form", [.. "talos.halt_if_installed"u8, 0xC0, 0xBD, .. "1"u8] },
            { "next line, which is white space to Go", "a\u0085talos.halt_if_installed=1\u00A0b"u8.ToArray() },
        };

    [Theory]
    [MemberData(nameof(Halting))]
    public async Task A_command_line_halts_where_the_kernel_gets_one_that_does(string how, byte[] commandLine)
    {
        var uki = await ReadAsync(TinyUki.With(".cmdline", commandLine));

        Assert.True(uki.HaltsIfInstalled, how);
        Assert.DoesNotContain(uki.CommandLine, char.IsControl);
        Assert.True(KernelCommandLine.Halts(uki.CommandLine), "What is shown says otherwise.");
    }

    [Theory]
    [InlineData("a\0talos.halt_if_installed=1")]
    [InlineData("talos.halt_if_installed=\u202E1")]
    [InlineData("talos.halt_if_installed=0\ttalos.halt_if_installed=1")]
    public async Task And_only_there(string commandLine) =>
        Assert.False((await ReadAsync(TinyUki.With(".cmdline", Encoding.UTF8.GetBytes(commandLine)))).HaltsIfInstalled);

    [Fact]
    public async Task A_profile_is_judged_as_the_base_is()
    {
        var uki = await ReadAsync(
            TinyUki.Make(
                TinyUki.Kernel,
                TinyUki.Release(TinyUki.OsRelease),
                (".cmdline", "a"u8.ToArray()),
                (".profile", "ID=main\r\nTITLE=one\u001b]0;x\a\r\n"u8.ToArray()),
                (".cmdline", "talos.halt_if_installed=1\u0001"u8.ToArray())
            )
        );

        Assert.True(uki.HaltsIfInstalled);
        Assert.Equal(("main", "one\uFFFD]0;x\uFFFD"), (uki.Profiles[0].Id, uki.Profiles[0].Title));
        Assert.Equal("talos.halt_if_installed=1", uki.Profiles[0].CommandLine);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("\r")]
    public async Task An_os_release_may_end_its_lines_as_DOS_does(string end)
    {
        var uki = await ReadAsync(
            TinyUki.Make(TinyUki.Kernel, TinyUki.Release($"ID=talos{end}VERSION_ID=\"v1.12.4\"{end}"))
        );

        Assert.Equal(("v1.12.4", UkiKind.InstalledSystem), (uki.Version, uki.Kind));
    }

    [Fact]
    public async Task A_UKI_needs_neither_a_command_line_nor_an_initrd()
    {
        var uki = await ReadAsync(TinyUki.Make(TinyUki.Kernel, TinyUki.Release(TinyUki.OsRelease)));

        Assert.Equal(("", false, 0), (uki.CommandLine, uki.HaltsIfInstalled, uki.Extensions.Count));
        Assert.Equal(TalosArchitecture.Amd64, uki.Architecture);
    }

    [Fact]
    public async Task A_PCR_key_may_be_of_an_elliptic_curve()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        var uki = await ReadAsync(
            TinyUki.With(".pcrpkey", Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()))
        );

        var expected = Convert.ToHexString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        Assert.Equal(expected, uki.PcrKeyFingerprint!.Replace(":", "", StringComparison.Ordinal));
        var rubbish = TinyUki.With(
            ".pcrpkey",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"u8.ToArray()
        );
        Assert.Equal("PcrKeyMalformed", (await Assert.ThrowsAsync<TsException>(() => ReadAsync(rubbish))).ErrorId);
    }

    [Theory]
    [InlineData(0x5064, "RISC-V 64 (0x5064)")]
    [InlineData(0x014C, "32-bit x86 (0x14C)")]
    [InlineData(0x1234, "an unknown machine (0x1234)")]
    public async Task A_machine_that_Talos_does_not_know_is_refused_by_name(int machine, string name)
    {
        var bytes = TinyUki.Make((ushort)machine, TinyUki.Kernel, TinyUki.Release(TinyUki.OsRelease));

        var error = await Assert.ThrowsAsync<TsException>(() => ReadAsync(bytes));

        Assert.Equal("UkiMachineUnknown", error.ErrorId);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private static async Task<UkiInfo> ReadAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await UkiReader.ReadAsync(stream, new UkiReadOptions(), TestContext.Current.CancellationToken);
    }
}

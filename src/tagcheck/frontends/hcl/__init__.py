"""HCL, which several kinds of files are written in: syntax trees and expressions."""
